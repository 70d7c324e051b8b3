// Takes from the calling process reading files beside those named, by Landlock (Linux 5.19 or newer). Writing is not its matter:
// see deny_calls.h.
#pragma once

#include <string>
#include <vector>

// The kernel's version of Landlock; 0 where it has none or it is switched off.
int LandlockVersion();

// Takes from all threads, for good, reading files outside of `readable` and, `with_lists`, listing folders there. A path stands
// for what it is now; one that is not there is passed over. False where the kernel can't: below version 2 nothing is taken; where
// a thread does not answer, some threads are bound and others are not.
bool LimitReads(const std::vector<std::string>& readable, bool with_lists);
