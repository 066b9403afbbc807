//! Runs one service under `gusset serve`, asks it what its setting says, and tells in what it answers otherwise than it must.

use super::command_run::TIME_LIMIT;
use super::echo_server::{EchoServer, body, head};
use super::setting::{PeerRequest, PeerServer, PeerService};
use crate::watch::{ProgramEnd, watch, watch_child};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What the server says first.
const SERVING: &str = "Serving HTTP on http://";

/// Serves a program; why it failed, or nothing if it did as it must.
pub(super) fn run(gusset: &Path, program: &Path, setting: &PeerService) -> Result<Option<String>> {
    let component = std::env::temp_dir().join(format!("gusset-peer-{}.wasm", std::process::id()));
    let found = componentize(gusset, program, &component).and_then(|()| serve(gusset, &component, setting));
    // Where there is none it was not made.
    let _ = std::fs::remove_file(&component);
    found
}

fn componentize(gusset: &Path, program: &Path, component: &Path) -> Result<()> {
    let mut command = Command::new(gusset);
    command.args(["component", "new"]).arg(program).arg("-o").arg(component).stdin(Stdio::null());
    let ended = watch(&mut command, TIME_LIMIT).with_context(|| format!("cannot run {}", gusset.display()))?;
    if !ended.status.is_some_and(|status| status.success()) {
        bail!("{} does not become a component{}", program.display(), ended.said());
    }
    Ok(())
}

fn serve(gusset: &Path, component: &Path, setting: &PeerService) -> Result<Option<String>> {
    let server = EchoServer::start(PeerServer::Echo)?;
    let mut command = Command::new(gusset);
    command.args(["serve", "--addr", "127.0.0.1:0"]).args(&setting.options).arg(component);
    let piped = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().with_context(|| format!("cannot run {}", gusset.display()))?;
    let (authority, said) = match listening(&mut child) {
        Ok(listening) => listening,
        Err(error) => {
            end(child)?;
            return Ok(Some(format!("{error:#}")));
        }
    };
    let mut faults = setting.requests.iter().map(|request| asked(&authority, &server.authority(), request));
    let found = faults.find_map(|fault| fault.unwrap_or_else(|error| Some(format!("{error:#}"))));
    end(child)?;
    let said = said.join().unwrap_or_default();
    let silent = !said.contains(setting.says);
    let found = found.map(|fault| format!("{fault}; the server says {said:?}"));
    Ok(found.or_else(|| silent.then(|| format!("the server did not say {:?} but {said:?}", setting.says))))
}

type SaidLater = std::thread::JoinHandle<String>;

/// Where the server listens, and what it says later.
fn listening(child: &mut Child) -> Result<(String, SaidLater)> {
    let mut stderr = BufReader::new(child.stderr.take().context("the pipe was asked for")?);
    let mut line = String::new();
    stderr.read_line(&mut line)?;
    let authority = line.trim_end().strip_prefix(SERVING).and_then(|rest| rest.split('/').next());
    let authority = authority.with_context(|| format!("the server begins with {line:?}, not with {SERVING:?}"))?;
    let authority = authority.to_owned();
    let later = move || stderr.lines().map_while(|line| Some(line.ok()? + "\n")).collect();
    Ok((authority, std::thread::spawn(later)))
}

/// Ends the server, whatever it does.
fn end(mut child: Child) -> Result<ProgramEnd> {
    // One that has ended already cannot be.
    let _ = child.kill();
    Ok(watch_child(child, TIME_LIMIT)?)
}

/// Asks for one thing, on a connection of its own. `{server}` is where a server is.
fn asked(authority: &str, server: &str, request: &PeerRequest) -> Result<Option<String>> {
    let what = request.head[0];
    let stream = TcpStream::connect(authority).with_context(|| format!("cannot connect to {authority}"))?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    let sent = request.head.iter().map(|line| line.replace("{server}", server) + "\r\n").collect::<String>();
    (&stream).write_all(format!("{sent}connection: close\r\n\r\n").as_bytes())?;
    let (mut writer, bytes) = (stream.try_clone()?, request.body.clone());
    // Meanwhile it may answer already.
    let writing = std::thread::spawn(move || writer.write_all(&bytes));
    let mut reader = BufReader::new(&stream);
    let (first, fields) = head(&mut reader).with_context(|| format!("no answer to {what}"))?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok());
    if !status.is_some_and(|status| request.status.contains(&status)) {
        return Ok(Some(format!("{what} is answered by {first:?}, not with {:?}", request.status)));
    }
    let found = body(&mut reader, &fields).with_context(|| format!("the answer to {what}"))?;
    // Where it fails, the answer tells.
    let _ = writing.join();
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if let Some(header) = request.header.filter(|header| !lines.iter().any(|line| line == header)) {
        return Ok(Some(format!("the answer to {what} has no {header:?} but {lines:?}")));
    }
    let expected = request.answer.as_ref().map(|answer| match std::str::from_utf8(answer) {
        Ok(text) => text.replace("{server}", server).into_bytes(),
        Err(_) => answer.clone(),
    });
    let differs = expected.filter(|expected| *expected != found);
    Ok(differs.map(|expected| {
        let [found, expected] = [found, expected].map(|body| {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            format!("{} bytes {shown:?}", body.len())
        });
        format!("{what} is answered by {found}, not by {expected}")
    }))
}
