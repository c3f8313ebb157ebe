// Package scan asks a virus scanner about a file before anybody trusts it: ClamAV's clamd, over the protocol that
// clamd(8) describes under INSTREAM. The file is streamed to it and never lies in memory or on disk here.
//
// There are three answers: clean; something was found, which the person can mend (errs.Invalid); or nobody knows
// (errs.Unavailable, errs.TooLarge). Only the first lets a file in: a scanner that is down keeps files out.
//
// clamd itself lets pass, unread, what exceeds its own limits (MaxScanSize, MaxFileSize), unless its configuration says
// "AlertExceedsMax yes"; and it refuses streams longer than StreamMaxLength, 25 MiB in Debian. Operators set all of them to
// at least what a house accepts as an upload. The connection is not encrypted: clamd belongs on the same machine
// or into the same closed network.
package scan
