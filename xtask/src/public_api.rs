//! `cargo xtask public-api`: prints what the packages make public, as rustdoc sees it, to be read before a release. It reads the
//! pages that stable rustdoc writes; what is `#[doc(hidden)]` does not stand there.

use crate::program;
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// The libraries that are packaged, outermost first: what `gusset` makes public is for hosts, the rest is for it.
const LIBRARIES: &[&str] = &[
    "gusset",
    "gusset-wast",
    "gusset-derive",
    "gusset-component",
    "gusset-codegen",
    "gusset-fact",
    "gusset-artifact",
    "gusset-text",
    "gusset-types",
];

/// Documents the packages that are named, all if none is, and prints their items.
pub(crate) fn run(root: &Path, packages: &[&str]) -> Result<()> {
    let packages = if packages.is_empty() { LIBRARIES } else { packages };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["doc", "--quiet", "--no-deps", "--all-features", "--lib"]).current_dir(root);
    for package in packages {
        command.args(["--package", package]);
    }
    if !command.status().context("cannot start cargo")?.success() {
        bail!("the documentation does not build");
    }
    for package in packages {
        let folder = program::target(root).join("doc").join(package.replace('-', "_"));
        println!("{}", library(package, &folder)?);
    }
    Ok(())
}

fn library(package: &str, folder: &Path) -> Result<String> {
    let read = |page: &str| {
        let path = folder.join(page);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let mut out = format!("# {package}\n");
    let index = read("index.html")?;
    for reexport in between(&index, "<dt id=\"reexport.", "</dt>").filter_map(|entry| entry.split_once('>')) {
        writeln!(out, "\n{}", plain(reexport.1))?;
    }
    let all = read("all.html")?;
    let list = all.split_once("<h3").map_or("", |(_, list)| list);
    let pages: Vec<&str> = between(list, "<li><a href=\"", "\"").collect();
    ensure!(!pages.is_empty(), "no items are found on the pages of {package}: is rustdoc's format another one?");
    for page in pages {
        item(&mut out, page, &read(page)?)?;
    }
    Ok(out)
}

/// Writes what the page of an item says: the declaration, and what is implemented on it and for it.
fn item(out: &mut String, page: &str, text: &str) -> Result<()> {
    let module = page.rsplit_once('/').map_or(String::new(), |(module, _)| format!("{}::", module.replace('/', "::")));
    let declaration = between(text, "<pre class=\"rust ", "</pre>").next().and_then(|found| found.split_once('>'));
    let declaration =
        declaration.with_context(|| format!("{page} has no declaration: is rustdoc's format another one?"))?.1;
    writeln!(out, "\n{module}\n{}", plain(declaration))?;
    let section = |name: &str| text.split_once(&format!("id=\"{name}-list\"")).map_or("", |(_, rest)| rest);
    let own = section("implementations").split("id=\"trait-implementations\"").next().unwrap_or_default();
    let own = own.split("id=\"synthetic-implementations\"").next().unwrap_or_default();
    for header in between(own, "class=\"code-header\">", "</section>") {
        let indent = if header.starts_with("impl") { "    " } else { "        " };
        writeln!(out, "{indent}{}", plain(header).replace('\n', " "))?;
    }
    let traits = section("trait-implementations").split("id=\"synthetic-implementations\"").next().unwrap_or_default();
    for header in between(traits, "<h3 class=\"code-header\">", "</h3>") {
        writeln!(out, "    {}", plain(header).replace('\n', " "))?;
    }
    Ok(())
}

/// What stands between `start` and the next `end`, each time.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split_once(end)).map(|(found, _)| found)
}

/// The text of a piece of a page: no tags, no notes that fold it, characters for entities.
fn plain(page: &str) -> String {
    let mut text = String::new();
    for (index, part) in page.split('<').enumerate() {
        let (tag, rest) = if index == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        // `Show 13 fields` stands in a span within a summary.
        let folds = tag.starts_with("summary") || (tag == "span" && rest.starts_with("Show "));
        if tag.starts_with("br") || tag.starts_with("div") {
            text.push('\n');
        }
        text.push_str(if folds { "" } else { rest });
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&nbsp;", " ").replace('\u{a0}', " ").replace("&amp;", "&").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_its_declaration_and_its_implementations() {
        let page = "<pre class=\"rust item-decl\"><code>pub struct A&lt;T&gt;(<i>u8</i>);</code></pre>\
            <div id=\"implementations-list\"><section><h3 class=\"code-header\">impl A</h3></section>\
            <section><h4 class=\"code-header\">pub fn f(&amp;self)<div class=\"where\">where T: B</div></h4></section></div>\
            <h2 id=\"trait-implementations\"></h2><div id=\"trait-implementations-list\">\
            <h3 class=\"code-header\">impl Clone for A</h3><h4 class=\"code-header\">fn clone()</h4></div>\
            <h2 id=\"synthetic-implementations\"></h2><h3 class=\"code-header\">impl Send for A</h3>";
        let mut out = String::new();
        item(&mut out, "m/struct.A.html", page).unwrap();
        let expected =
            "\nm::\npub struct A<T>(u8);\n    impl A\n        pub fn f(&self) where T: B\n    impl Clone for A\n";
        assert_eq!(out, expected);
        assert!(item(&mut out, "m/struct.A.html", "<pre>").is_err());
    }
}
