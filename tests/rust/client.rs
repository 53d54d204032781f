// SPDX-License-Identifier: MIT
//! A client of barleased, or of whoever else vends, in Rust, with bindings that bindgen
//! has made of the headers. Prints TAP.
//!
//!     client SOCKET SLICE          of a device: what is released is gone
//!     client SOCKET SLICE file     of the unit tests' server, whose leases are files
//!                                  that have no bytes yet, and that nobody takes back
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod lease;
#[allow(unsafe_code)]
mod sys;

use lease::{Client, Mapping};
use std::io::Result;

const ENOENT: i32 = 2;
const EINVAL: i32 = 22;
const ESTALE: i32 = 116;

struct Tap {
    checks: u32,
    failures: u32,
}

impl Tap {
    fn ok(&mut self, good: bool, name: &str) {
        self.checks += 1;
        self.failures += !good as u32;
        println!(
            "{}ok {} - {}",
            if good { "" } else { "not " },
            self.checks,
            name
        );
    }

    /// It ends with this error
    fn fails<T>(&mut self, result: Result<T>, number: i32, name: &str) {
        let got = result.err().and_then(|error| error.raw_os_error());
        if got != Some(number) {
            println!("# got {:?}, not {}", got, number);
        }
        self.ok(got == Some(number), name);
    }
}

fn accesses(tap: &mut Tap, mapping: &Mapping, size: usize) -> Result<()> {
    mapping.write32(0x10, 0x12345678)?;
    tap.ok(
        mapping.read32(0x10)? == 0x12345678,
        "a word is read as it was written",
    );
    mapping.write32(size - 4, 0xcafebabe)?;
    tap.ok(
        mapping.read32(size - 4)? == 0xcafebabe,
        "so is the last one",
    );
    tap.ok(mapping.read32(0x10)? == 0x12345678, "which is another");
    tap.fails(
        mapping.read32(0x12),
        EINVAL,
        "a word is where its width says",
    );

    let bytes = *b"any number of bytes";
    let mut back = [0; 19];
    mapping.copy_to(0x21, &bytes)?;
    mapping.copy_from(0x21, &mut back)?;
    tap.ok(back == bytes, "bytes are, too");
    let mut word = [0; 4];
    mapping.copy_from(0x10, &mut word)?;
    tap.ok(
        word == 0x12345678u32.to_ne_bytes(),
        "a word has its bytes in order",
    );
    Ok(())
}

fn all(tap: &mut Tap, path: &str, name: &str, file: bool) -> Result<()> {
    tap.fails(
        Client::connect("/nonexistent"),
        ENOENT,
        "where there is no server, it says so",
    );
    let mut client = Client::connect(path)?;
    let slices = client.slices()?;
    let slice = slices.iter().find(|one| one.name == name);
    tap.ok(slice.is_some(), "the slice is listed");
    tap.ok(
        slice.map_or(false, |one| !one.read_only),
        "it can be written to",
    );

    tap.fails(
        client.acquire("nothing"),
        ENOENT,
        "what is not there is refused",
    );
    tap.ok(client.error().contains("nothing"), "in words with its name");

    let lease = client.acquire(name)?;
    tap.ok(lease.name == name, "the lease is of the slice");
    tap.ok(
        slice.map_or(false, |one| one.size == lease.size),
        "and as large",
    );
    if file {
        lease.file.set_len(lease.size)?;
    }
    let size = lease.size as usize;
    let mapping = lease.map()?;
    accesses(tap, &mapping, size)?;

    if file {
        lease.file.set_len(0)?;
    }
    client.release(lease)?;
    tap.ok(true, "it is released");
    tap.fails(
        mapping.read32(0x10),
        ESTALE,
        "a word that is gone is an error, and no signal",
    );
    tap.fails(mapping.write32(0x10, 1), ESTALE, "to write it as well");
    tap.fails(
        mapping.copy_from(0, &mut [0; 64]),
        ESTALE,
        "so it is to copy bytes",
    );

    let again = client.acquire(name)?;
    if file {
        again.file.set_len(again.size)?;
    }
    tap.ok(again.map()?.read32(0x10).is_ok(), "the next lease is there");
    drop(client);
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut tap = Tap {
        checks: 0,
        failures: 0,
    };
    let file = match &arguments[..] {
        [_, _] => false,
        [_, _, file] if file == "file" => true,
        _ => {
            eprintln!("usage: client SOCKET SLICE [file]");
            std::process::exit(2)
        }
    };

    if let Err(error) = all(&mut tap, &arguments[0], &arguments[1], file) {
        println!("# {}", error);
        tap.ok(false, "nothing has failed that must not");
    }
    println!("1..{}", tap.checks);
    std::process::exit((tap.failures != 0) as i32);
}
