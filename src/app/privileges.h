// SPDX-License-Identifier: Apache-2.0
//
// What a live sensor may do, in two steps. capabilities(7) belong to each thread, and a new thread has those of
// the one that starts it.
#pragma once

namespace quaywatch::app {

// At the start. Gives up, for the whole process and for good, what no part of a sensor needs, and the way to get
// it back (PR_SET_NO_NEW_PRIVS). Kept, where they were there:
//   CAP_NET_RAW, CAP_NET_ADMIN              to open packet sockets; to read conntrack
//   CAP_NET_BROADCAST                       to hear of what happens in network namespaces
//   CAP_SYS_ADMIN, CAP_SYS_PTRACE           to enter network namespaces; to see whose they are
//   CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE   to read other users' /proc; to write logs in other users' folders
// REQUIRES: no other thread runs yet.
void LimitPrivileges();

// Once all sockets are open and those threads run that need more. Leaves the calling thread, and all that it starts
// from now on (the workers), CAP_DAC_OVERRIDE at most: a flaw in a parser can't be used to open sockets, change
// routes or enter a namespace.
void DropPrivileges();

}  // namespace quaywatch::app
