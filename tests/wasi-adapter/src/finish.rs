//! What the compiler left becomes an adapter: words get their globals, what nothing uses goes, names become short, and the world comes in.

use crate::{names, words, world};
use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, CustomSection, EntityType, ExportSection, Function, FunctionSection, ImportSection, MemoryType,
    Module, NameMap, NameSection, TypeSection,
};
use wasmparser::{
    BinaryReaderError, ExternalKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef,
};

/// The module of which words are imported.
const WORDS: &str = "words";

/// What is exported that nobody looks for, by us and by linkers.
const LEFT_OUT: [&str; 4] = [WORDS, "memory", "__data_end", "__heap_base"];

/// What the compiler left, as far as it is looked at.
#[derive(Default)]
struct CompiledAdapter<'a> {
    types: Option<wasmparser::TypeSectionReader<'a>>,
    imports: Vec<wasmparser::Import<'a>>,
    /// The types of the functions that are defined.
    functions: Vec<u32>,
    exports: Vec<wasmparser::Export<'a>>,
    bodies: Vec<FunctionBody<'a>>,
    names: Vec<(u32, &'a str)>,
    producers: Option<&'a [u8]>,
    /// Which of the functions that are defined says how many words there are. It is left out.
    counter: usize,
}

/// Where functions have their new places.
struct FunctionPlaces {
    /// By their old ones.
    functions: Vec<u32>,
    /// The old ones of the functions that get and set a word.
    words: [u32; 2],
}

/// Makes the adapter for a world of `wit/adapter.wit` in the folder of `crates/wasi-adapter`.
///
/// # Errors
///
/// If it does not keep to the rules that stand in `crates/wasi-adapter/src/lib.rs`.
pub fn finish(compiled: &[u8], name: &str, folder: &Path) -> Result<Vec<u8>> {
    let compiled = CompiledAdapter::parse(compiled)?;
    let count = compiled.count_of_words()?;
    let (mut places, import_types) = compiled.places()?;
    let mut module = Module::new();
    let mut types = TypeSection::new();
    if let Some(reader) = compiled.types.clone() {
        places.parse_type_section(&mut types, reader).map_err(refused)?;
    }
    module.section(&types);
    module.section(&compiled.imports()?);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    functions.function(import_types[0]).function(import_types[1]);
    code.function(&words::get(count)).function(&words::set(count));
    for (at, (ty, body)) in compiled.functions.iter().zip(&compiled.bodies).enumerate() {
        if at == compiled.counter {
            continue;
        }
        functions.function(*ty);
        code.function(&places.body(body, count).map_err(refused)?);
    }
    module.section(&functions).section(&words::globals(count)).section(&compiled.exports(&places)?).section(&code);
    let (world_name, world) = world::section(name, folder)?;
    module.section(&CustomSection { name: world_name.into(), data: world.into() });
    module.section(&compiled.names(&places));
    if let Some(data) = compiled.producers {
        module.section(&CustomSection { name: "producers".into(), data: data.into() });
    }
    let adapter = module.finish();
    crate::shape(&adapter)?;
    Ok(adapter)
}

impl<'a> CompiledAdapter<'a> {
    fn parse(bytes: &'a [u8]) -> Result<CompiledAdapter<'a>> {
        let mut found = CompiledAdapter::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(reader) => found.types = Some(reader),
                Payload::ImportSection(reader) => found.imports = reader.into_imports().collect::<Result<_, _>>()?,
                Payload::FunctionSection(reader) => found.functions = reader.into_iter().collect::<Result<_, _>>()?,
                Payload::ExportSection(reader) => found.exports = reader.into_iter().collect::<Result<_, _>>()?,
                Payload::CodeSectionEntry(body) => found.bodies.push(body),
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Name(reader) => found.read_names(reader)?,
                    KnownCustom::Producers(_) => found.producers = Some(section.data()),
                    _ => {}
                },
                // Used, they are found where they are used.
                Payload::TableSection(_) | Payload::GlobalSection(_) => {}
                Payload::Version { .. } | Payload::CodeSectionStart { .. } | Payload::End(_) => {}
                other => bail!("there is a section that an adapter has not: {other:?}"),
            }
        }
        found.find_counter()?;
        Ok(found)
    }

    fn read_names(&mut self, reader: wasmparser::NameSectionReader<'a>) -> Result<(), BinaryReaderError> {
        for subsection in reader {
            if let Name::Function(map) = subsection? {
                for naming in map {
                    let naming = naming?;
                    self.names.push((naming.index, naming.name));
                }
            }
        }
        Ok(())
    }

    /// How many functions are imported.
    fn imported(&self) -> u32 {
        self.imports.iter().filter(|import| matches!(import.ty, TypeRef::Func(_))).count() as u32
    }

    fn find_counter(&mut self) -> Result<()> {
        let export = self.exports.iter().find(|export| export.name == WORDS).context("it does not export `words`")?;
        self.counter = export.index.checked_sub(self.imported()).context("`words` is imported")? as usize;
        Ok(())
    }

    fn count_of_words(&self) -> Result<u32> {
        let mut operators = self.bodies.get(self.counter).context("`words` is no function")?.get_operators_reader()?;
        match operators.read()? {
            Operator::I32Const { value } if value > 0 => Ok(value as u32),
            other => bail!("`words` starts with {other:?}"),
        }
    }

    /// Where functions come to lie: what is imported, the two of words, what is defined. And the types of those two.
    fn places(&self) -> Result<(FunctionPlaces, [u32; 2])> {
        let is_word = |import: &&wasmparser::Import<'_>| import.module == WORDS;
        let words = self.imports.iter().filter(is_word).count() as u32;
        let first = self.imported() - words;
        let (mut functions, mut next, mut types, mut old) = (Vec::new(), 0, [None; 2], [0; 2]);
        for import in &self.imports {
            let TypeRef::Func(ty) = import.ty else { continue };
            if import.module != WORDS {
                functions.push(next);
                next += 1;
                continue;
            }
            let which =
                ["get", "set"].iter().position(|name| *name == import.name).context("an unknown word function")?;
            types[which] = Some(ty);
            old[which] = functions.len() as u32;
            functions.push(first + which as u32);
        }
        next = first + 2;
        for at in 0..self.functions.len() {
            // Nobody calls the one that counts words.
            functions.push(if at == self.counter { u32::MAX } else { next });
            next += u32::from(at != self.counter);
        }
        let [Some(get), Some(set)] = types else { bail!("it does not import both functions of words") };
        Ok((FunctionPlaces { functions, words: old }, [get, set]))
    }

    fn imports(&self) -> Result<ImportSection> {
        let mut section = ImportSection::new();
        for import in self.imports.iter().filter(|import| import.module != WORDS) {
            let ty = match import.ty {
                TypeRef::Func(ty) => EntityType::Function(ty),
                // As small as anybody's.
                TypeRef::Memory(_) => EntityType::Memory(MemoryType {
                    minimum: 0,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                }),
                other => bail!("it imports `{}` `{}`: {other:?}", import.module, import.name),
            };
            section.import(import.module, import.name, ty);
        }
        Ok(section)
    }

    fn exports(&self, places: &FunctionPlaces) -> Result<ExportSection> {
        let mut section = ExportSection::new();
        for export in self.exports.iter().filter(|export| !LEFT_OUT.contains(&export.name)) {
            if export.kind != ExternalKind::Func {
                bail!("it exports `{}`, which is no function", export.name);
            }
            let place = *places.functions.get(export.index as usize).context("an export of nothing")?;
            section.export(export.name, wasm_encoder::ExportKind::Func, place);
        }
        Ok(section)
    }

    fn names(&self, places: &FunctionPlaces) -> NameSection {
        let mut all: Vec<(u32, String)> = Vec::new();
        for (index, name) in &self.names {
            match places.functions.get(*index as usize) {
                // Imported functions are named where they are imported.
                Some(place) if *index >= self.imported() && *place != u32::MAX => {
                    all.push((*place, names::short(name)))
                }
                _ => {}
            }
        }
        let first = self.imported() - 2;
        all.extend([(first, "words::get".to_owned()), (first + 1, "words::set".to_owned())]);
        all.sort();
        let mut map = NameMap::new();
        for (place, name) in &all {
            map.append(*place, name);
        }
        let mut section = NameSection::new();
        section.functions(&map);
        section
    }
}

impl FunctionPlaces {
    /// A function, in which a word whose number is a constant is a global.
    fn body(&mut self, body: &FunctionBody<'_>, count: u32) -> Result<Function, reencode::Error<String>> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        let mut reader = body.get_operators_reader()?;
        let mut number = None;
        while !reader.eof() {
            let operator = reader.read()?;
            let word = number.take().filter(|&number: &i32| (0..count as i32).contains(&number));
            match (&operator, word) {
                (Operator::Call { function_index }, Some(word)) if self.words[0] == *function_index => {
                    function.instructions().global_get(word as u32);
                    continue;
                }
                (Operator::Call { function_index }, Some(word)) if self.words[1] == *function_index => {
                    function.instructions().global_set(word as u32);
                    continue;
                }
                (_, Some(word)) => {
                    function.instructions().i32_const(word);
                }
                _ => {}
            }
            match operator {
                Operator::I32Const { value } if (0..count as i32).contains(&value) => number = Some(value),
                other => {
                    function.instruction(&self.instruction(other)?);
                }
            }
        }
        Ok(function)
    }
}

impl Reencode for FunctionPlaces {
    type Error = String;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<String>> {
        match self.functions.get(index as usize) {
            Some(&place) if place != u32::MAX => Ok(place),
            _ => Err(reencode::Error::UserError(format!("it calls function {index}"))),
        }
    }

    fn global_index(&mut self, _: u32) -> Result<u32, reencode::Error<String>> {
        Err(reencode::Error::UserError("it uses a global: something lies on a stack in memory".to_owned()))
    }

    fn table_index(&mut self, _: u32) -> Result<u32, reencode::Error<String>> {
        Err(reencode::Error::UserError("it uses a table: something is called by a pointer".to_owned()))
    }
}

fn refused(error: reencode::Error<String>) -> anyhow::Error {
    match error {
        reencode::Error::UserError(message) => anyhow!(message),
        other => anyhow!("{other:?}"),
    }
}
