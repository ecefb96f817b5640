#ifndef FSTORE_PAGE_CHECKSUMS_H
#define FSTORE_PAGE_CHECKSUMS_H

// SQLite has no checksums of its own. This layer between SQLite and the file system keeps one at
// the end of each page of the databases that ask for it, and refuses to read a page whose checksum
// is wrong, with SQLITE_IOERR_DATA.
//
// A database asks for it with two marks in its header, which survive every copy of the file:
//
//   offset 20   8            the bytes that SQLite leaves alone at the end of each page
//   offset 68   "fstr"       the application id
//
// The eight bytes are the CRC-32 of the page's number and of the rest of the page, little end
// first, and "fst" with the version of this format, 1. All other databases pass through untouched.
// The write-ahead log has checksums of SQLite's own.

/// The name of the layer, for sqlite3_open_v2.
#define FSTORE_PAGE_CHECKSUMS_VFS "fstore"

/// The bytes at the end of each page.
#define FSTORE_PAGE_CHECKSUM_BYTES 8

/// The application id of databases with checksums: "fstr".
#define FSTORE_PAGE_CHECKSUMS_APPLICATION_ID 0x66737472

/// Makes the layer known to SQLite; from any thread, and as often as anyone likes.
///
/// Returns an SQLite result code.
int fstore_register_page_checksums(void);

#endif
