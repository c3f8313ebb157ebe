package email

import "testing"

func FuzzTNEF(f *testing.F) {
	f.Add(sampleTNEF())
	f.Add(tnefFile(tnefAttribute(attMAPIProps, tnefProperties(prop{propRTF, stored(`{\rtf1\ansi\fromhtml1 {\*\htmltag <p>}x`)}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := (&tnef{&budget{Limits: Limits{Size: 1 << 20}.filled()}, tnefMaxProperties}).message(b, 0, 0)
		if err != nil {
			if !isFormat(err) && !isTooLarge(err) {
				t.Errorf("%v", err)
			}
			return
		}
		check(t, m)
	})
}

func FuzzCMS(f *testing.F) {
	f.Add(cmsOf(oidSignedData, []byte("Content-Type: text/plain\r\n\r\nHallo"), false))
	f.Add(cmsOf(oidSignedData, []byte("Hallo"), true))
	f.Add(cmsOf(oidEnvelopedData, []byte("x"), false))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, content, _ := openCMS(b); len(content) > len(b) {
			t.Errorf("%d bytes in %d", len(content), len(b))
		}
		m := &Message{}
		e := &eml{&budget{Limits: Limits{Size: 1 << 20}.filled()}}
		s, err := e.smime(m, Attachment{Name: "smime.p7m", Content: b}, 0, 1)
		if err != nil && !isFormat(err) && !isTooLarge(err) {
			t.Errorf("%v", err)
		}
		m.setText(s.String())
		check(t, m)
	})
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg932\deff1{\fonttbl{\f1\fcharset128 x;}{\f2\fcharset238 y;}}\f1\'82\'a0\uc2\u12354\'82\'a0{\f2\'e8}\plain x}`))
	f.Add([]byte("{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\'e4\\htmlrtf x\\htmlrtf0 }"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := RTFText(b, 1000); len(s) > 3*1000+8*maxTail { // a byte may become a character of three
			t.Errorf("%d bytes", len(s))
		}
		if out, _ := unpackRTF(b); len(out) > 18*len(b)+16 {
			t.Errorf("%d bytes of %d", len(out), len(b))
		}
	})
}

// maxTail is how many bytes the last step of a reader of text may write beyond its limit.
const maxTail = 64

// Parts of headers, in whatever a sender puts there.
func FuzzHeader(f *testing.F) {
	f.Add(`attachment; filename*0*=iso-8859-1''Gr%FC; filename*1="ße.pdf"; x`, "=?utf-8?b?w7w=?= =?utf-8?q?=C3?= =?utf-8?q?=BC?=", "base64", []byte("SGFsbG8="))
	f.Add(`text/plain charset=utf-7; format=flowed`, "a <b@c>; \"d, e\" <f@g>, h", "x-uuencode", []byte("begin 644 x\n#0V%T\n`\nend\n"))
	f.Add(`x`, "=?utf-7?q?+AOQ-?=", "quoted-printable", []byte("=C3=BC= \n=4"))
	f.Fuzz(func(t *testing.T, params, words, encoding string, body []byte) {
		parameters(params)
		m := &Message{}
		m.Subject = decodeWords(words)
		m.From = m.looseAddresses("From", words)
		m.Date = m.date("Date", words)
		if out, _, _ := undo(encoding, body); len(out) > len(body) {
			t.Errorf("%d bytes of %d", len(out), len(body))
		}
		m.setText(unflow(guess(body), true))
		check(t, m)
	})
}
