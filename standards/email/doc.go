// Package email reads one mail as it lies on disk, in either form that offices hand over, into one type:
//
//	.eml  RFC 5322 with MIME (RFC 2045–2049, 2231), as every mail program saves it
//	.msg  Outlook's own: properties ([MS-OXMSG], [MS-OXPROPS]) in a compound file ([MS-CFB])
//
// Real mail breaks its standards, so the reader is lenient where something is only missing or wrong: what it had to
// guess or to leave out is named in Message.Defects. It is strict on size: a mail beyond Limits is refused whole with
// ErrTooLarge, and what is no mail at all with ErrFormat. Any bytes give a message or one of these two errors.
//
// The text is for reading and searching. The mail itself, with its signatures and all headers, is the file it came from.
//
// What is packed inside is read as well: winmail.dat ([MS-OXTNEF]) and what S/MIME only signs (RFC 8551). No signature is
// verified here. Encrypted mails (S/MIME, PGP) are named as such; they and packed files (ZIP) stay attachments.
package email
