//! A store of keys and values in one folder, kept as a journal that is only appended to and compacted now and then:
//! `journal FOLDER < COMMANDS`, with the commands `set KEY VALUE`, `delete KEY`, `get KEY`, `list`, `fill COUNT`, `compact`, `tear` (drops the
//! journal's last bytes, as a crash would) and `reopen`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::PathBuf;

/// What stands before each record's key and value: their lengths, and a sum of all bytes.
const HEADER: usize = 12;

/// The length of a value that says the key is gone.
const GONE: u32 = u32::MAX;

struct Journal {
    folder: PathBuf,
    file: File,
    values: BTreeMap<String, String>,
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| sum.rotate_left(5) ^ u32::from(*byte).wrapping_mul(0x9e37_79b9);
    value.iter().fold(key.iter().fold(1, step), step)
}

fn encode(key: &str, value: Option<&str>) -> Vec<u8> {
    let bytes = value.unwrap_or_default().as_bytes();
    let length = value.map_or(GONE, |value| value.len() as u32);
    let mut record = Vec::with_capacity(HEADER + key.len() + bytes.len());
    for word in [key.len() as u32, length, checksum(key.as_bytes(), bytes)] {
        record.extend(word.to_le_bytes());
    }
    record.extend(key.as_bytes());
    record.extend(bytes);
    record
}

/// The record at the start of `bytes`, and its length; none where it is not whole.
fn decode(bytes: &[u8]) -> Option<(String, Option<String>, usize)> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (key_length, value_length, sum) = (word(0)? as usize, word(4)?, word(8)?);
    let stored = if value_length == GONE { 0 } else { value_length as usize };
    let key = bytes.get(HEADER..HEADER.checked_add(key_length)?)?;
    let value = bytes[HEADER + key_length..].get(..stored)?;
    if checksum(key, value) != sum {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let value = if value_length == GONE { None } else { Some(text(value)?) };
    Some((text(key)?, value, HEADER + key_length + stored))
}

impl Journal {
    /// Opens the journal of a folder, or makes one; what is not whole at its end is cut off.
    fn open(folder: PathBuf) -> io::Result<Journal> {
        fs::create_dir_all(&folder)?;
        let path = folder.join("journal");
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut values, mut whole) = (BTreeMap::new(), 0);
        while let Some((key, value, length)) = decode(&bytes[whole..]) {
            match value {
                Some(value) => values.insert(key, value),
                None => values.remove(&key),
            };
            whole += length;
        }
        if whole < bytes.len() {
            println!("cut off {} bytes of {}", bytes.len() - whole, bytes.len());
            file.set_len(whole as u64)?;
        }
        Ok(Journal { folder, file, values })
    }

    fn append(&mut self, key: &str, value: Option<&str>) -> io::Result<()> {
        self.file.write_all(&encode(key, value))?;
        match value {
            Some(value) => self.values.insert(key.to_owned(), value.to_owned()),
            None => self.values.remove(key),
        };
        Ok(())
    }

    /// Writes what is left into a new journal, and puts that in the old one's place.
    fn compact(&mut self) -> io::Result<()> {
        let (path, fresh) = (self.folder.join("journal"), self.folder.join("journal.new"));
        let before = fs::metadata(&path)?.len();
        let mut written = BufWriter::new(File::create(&fresh)?);
        for (key, value) in &self.values {
            written.write_all(&encode(key, Some(value)))?;
        }
        written.into_inner()?.sync_data()?;
        fs::rename(&fresh, &path)?;
        self.file = OpenOptions::new().append(true).open(&path)?;
        println!("{before} bytes became {}", self.file.metadata()?.len());
        Ok(())
    }

    fn tear(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        self.file.set_len(length.saturating_sub(3))
    }

    fn obey(&mut self, command: &str) -> io::Result<()> {
        match command.splitn(3, ' ').collect::<Vec<_>>()[..] {
            ["set", key, value] => self.append(key, Some(value)),
            ["delete", key] => self.append(key, None),
            ["get", key] => {
                println!("{key}: {}", self.values.get(key).map_or("(none)", String::as_str));
                Ok(())
            }
            ["list"] => {
                self.values.iter().for_each(|(key, value)| println!("{key} = {value}"));
                Ok(())
            }
            ["fill", count] => {
                let count: u32 = count.parse().map_err(io::Error::other)?;
                (0..count).try_for_each(|at| self.append(&format!("key-{at:06}"), Some(&"v".repeat(at as usize % 100))))
            }
            ["compact"] => self.compact(),
            ["tear"] => self.tear(),
            ["reopen"] => {
                *self = Journal::open(self.folder.clone())?;
                println!("{} keys", self.values.len());
                Ok(())
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("no command: {command}"))),
        }
    }
}

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: journal FOLDER"))?;
    let mut journal = Journal::open(folder.into())?;
    for line in io::stdin().lock().lines() {
        journal.obey(&line?)?;
    }
    Ok(())
}
