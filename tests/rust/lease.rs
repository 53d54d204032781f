// SPDX-License-Identifier: MIT
//! Leases for safe Rust: all calls of the library are in this file, and no others are
//! unsafe.
//!
//! The guard ends by longjmp() what it guards, which must not pass over a function of
//! Rust: so there are the library's own accesses, which are C, and no barlease_guard().
use crate::sys;
use std::ffi::{c_void, CStr, CString};
use std::fs::File;
use std::io::{Error, Result};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::ptr;

fn check(ret: i32) -> Result<()> {
    if ret < 0 {
        return Err(Error::from_raw_os_error(-ret));
    }
    Ok(())
}

fn text(name: &[std::os::raw::c_char]) -> String {
    let bytes: Vec<u8> = name
        .iter()
        .map(|c| *c as u8)
        .take_while(|c| *c != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A slice that this client may have
pub struct Slice {
    pub name: String,
    pub size: u64,
    pub read_only: bool,
}

/// A connection; with it end its leases
pub struct Client {
    raw: *mut sys::barlease_client,
}

impl Client {
    pub fn connect(path: &str) -> Result<Client> {
        let path = CString::new(path)?;
        let mut raw = ptr::null_mut();
        check(unsafe { sys::barlease_client_connect(path.as_ptr(), &mut raw) })?;
        Ok(Client { raw })
    }

    /// Why the last call failed, in the server's words
    pub fn error(&self) -> String {
        let words = unsafe { CStr::from_ptr(sys::barlease_client_error(self.raw)) };
        words.to_string_lossy().into_owned()
    }

    pub fn slices(&mut self) -> Result<Vec<Slice>> {
        let mut all = ptr::null_mut();
        let mut nr = 0;
        check(unsafe { sys::barlease_client_list(self.raw, &mut all, &mut nr) })?;
        let mut slices = Vec::new();
        for i in 0..nr as usize {
            let one = unsafe { &*all.add(i) };
            slices.push(Slice {
                name: text(&one.name),
                size: one.size,
                read_only: one.flags & sys::BARLEASE_READ_ONLY != 0,
            });
        }
        unsafe { sys::free(all as *mut c_void) };
        Ok(slices)
    }

    pub fn acquire(&mut self, name: &str) -> Result<Lease> {
        let name = CString::new(name)?;
        let mut raw: sys::barlease_lease = unsafe { std::mem::zeroed() };
        check(unsafe { sys::barlease_client_acquire(self.raw, name.as_ptr(), 0, &mut raw) })?;
        Ok(Lease {
            id: raw.id,
            name: text(&raw.name),
            size: raw.size,
            alignment: raw.alignment,
            file: unsafe { File::from_raw_fd(raw.fd) },
        })
    }

    pub fn release(&mut self, lease: Lease) -> Result<()> {
        check(unsafe { sys::barlease_client_release(self.raw, lease.id) })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { sys::barlease_client_close(self.raw) }
    }
}

/// A slice that this client has, until it is revoked
pub struct Lease {
    id: u32,
    pub name: String,
    pub size: u64,
    alignment: sys::barlease_alignment,
    pub file: File,
}

impl Lease {
    /// All of it. What is mapped stays so whatever becomes of the lease.
    pub fn map(&self) -> Result<Mapping> {
        let (fd, size) = (self.file.as_raw_fd(), self.size as usize);
        let mut address = ptr::null_mut();
        check(unsafe { sys::barlease_map(fd, 0, size as _, 0, &self.alignment, &mut address) })?;
        Ok(Mapping { address, size })
    }
}

/// What a device has, or has had: each access may find that it was revoked (ESTALE)
pub struct Mapping {
    address: *mut c_void,
    size: usize,
}

impl Mapping {
    /// Where an access of this size is; nowhere else than in the mapping
    fn at(&self, offset: usize, size: usize) -> *mut c_void {
        let end = offset.checked_add(size).expect("an offset is in a mapping");
        assert!(
            end <= self.size,
            "{} is not in {} bytes",
            end - 1,
            self.size
        );
        unsafe { (self.address as *mut u8).add(offset) as *mut c_void }
    }

    pub fn read32(&self, offset: usize) -> Result<u32> {
        let mut value = 0;
        check(unsafe { sys::barlease_read32(self.at(offset, 4), &mut value) })?;
        Ok(value)
    }

    pub fn write32(&self, offset: usize, value: u32) -> Result<()> {
        check(unsafe { sys::barlease_write32(self.at(offset, 4), value) })
    }

    pub fn copy_from(&self, offset: usize, to: &mut [u8]) -> Result<()> {
        let from = self.at(offset, to.len());
        check(unsafe {
            sys::barlease_copy_from(to.as_mut_ptr() as *mut c_void, from, to.len() as _)
        })
    }

    pub fn copy_to(&self, offset: usize, from: &[u8]) -> Result<()> {
        let to = self.at(offset, from.len());
        check(unsafe { sys::barlease_copy_to(to, from.as_ptr() as *const c_void, from.len() as _) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        unsafe { sys::barlease_unmap(self.address, self.size as _) };
    }
}
