#ifndef FAULT_INJECTION_H
#define FAULT_INJECTION_H

#include <stdint.h>

/// What the library does to calls, in a file that it shares with the test: eight numbers.
///
/// The file is named by the variable FSTORE_FAULT_STATE, the folder by FSTORE_FAULT_FOLDER. The
/// test may change the numbers while the program runs.
struct fault_state {
    /// How many calls there were that write below the folder.
    uint64_t calls;
    /// The first call that fails, from 1; 0 for none.
    uint64_t first;
    /// The last call that fails.
    uint64_t last;
    /// One of `fault_action`.
    uint64_t action;
    /// What `errno` says of a call that fails.
    uint64_t error_number;
    /// How many calls have failed.
    uint64_t injected;
    uint64_t reserved[2];
};

enum fault_action {
    /// The call fails, and nothing is written.
    fault_error = 1,
    /// Half of the bytes are written, and the call says so; what writes no bytes fails.
    fault_short = 2,
    /// The process is killed before the call.
    fault_kill_before = 3,
    /// The process is killed after the call.
    fault_kill_after = 4,
    /// Half of the bytes are written, and the process is killed.
    fault_kill_torn = 5,
};

#endif
