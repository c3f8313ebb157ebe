package email

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// berValue is a value of BER, of indefinite length if stream is set.
func berValue(tag byte, stream bool, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	if stream {
		return slices.Concat([]byte{tag, 0x80}, content, []byte{0, 0})
	}
	return slices.Concat([]byte{tag, 0x84, byte(len(content) >> 24), byte(len(content) >> 16), byte(len(content) >> 8), byte(len(content))}, content)
}

// cmsOf is content as CMS of a kind, without certificates and signatures; a stream has it in pieces.
func cmsOf(kind string, content []byte, stream bool) []byte {
	octets := berValue(berOctets, false, content)
	if stream {
		half := len(content) / 2
		octets = berValue(berOctets|berConstructed, true, berValue(berOctets, false, content[:half]), berValue(berOctets, false, content[half:]))
	}
	return berValue(berSequence, stream, berValue(berOID, false, []byte(kind)), berValue(berContext0, stream, berValue(berSequence, stream,
		berValue(berInteger, false, []byte{1}), berValue(berSet, stream),
		berValue(berSequence, stream, berValue(berOID, false, []byte(oidData)), berValue(berContext0, stream, octets)), berValue(berSet, stream))))
}

func smimeMail(media string, content []byte) []byte {
	return append(lines("Subject: x", "Content-Type: "+media, "Content-Transfer-Encoding: base64", ""), base64.StdEncoding.EncodeToString(content)...)
}

func TestSMIME(t *testing.T) {
	entity := lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "Hallo", "--b", "Content-Type: application/pdf; name=a.pdf", "", "%PDF", "--b--")
	twice := slices.Concat(lines("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "Content-Transfer-Encoding: binary", ""), cmsOf(oidEnvelopedData, []byte("x"), false))
	deep := []byte("Hallo")
	for range 20 {
		deep = slices.Concat(lines("Content-Type: application/pkcs7-mime", "Content-Transfer-Encoding: binary", ""), cmsOf(oidSignedData, deep, false))
	}
	for name, c := range map[string]struct {
		mail              []byte
		text              string
		names             []string
		signed, encrypted bool
		defects           int
	}{
		"opaque":                        {smimeMail("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", cmsOf(oidSignedData, entity, false)), "Hallo", []string{"smime.p7m", "a.pdf"}, true, false, 0},
		"stream":                        {smimeMail("application/x-pkcs7-mime", cmsOf(oidSignedData, entity, true)), "Hallo", []string{"smime.p7m", "a.pdf"}, true, false, 0},
		"by name":                       {smimeMail("application/octet-stream; name=smime.p7m", cmsOf(oidSignedData, entity, false)), "Hallo", []string{"smime.p7m", "a.pdf"}, true, false, 0},
		"twice":                         {smimeMail("application/pkcs7-mime", []byte(base64.StdEncoding.EncodeToString(cmsOf(oidSignedData, entity, false)))), "Hallo", []string{"smime.p7m", "a.pdf"}, true, false, 0},
		"a file":                        {smimeMail("application/pkcs7-mime; name=Vertrag.pdf.p7m", cmsOf(oidSignedData, []byte("%PDF-1.7"), false)), "", []string{"Vertrag.pdf.p7m", "Vertrag.pdf"}, true, false, 0},
		"enveloped":                     {smimeMail("application/pkcs7-mime; smime-type=enveloped-data", cmsOf(oidEnvelopedData, []byte("x"), false)), "", []string{"smime.p7m"}, false, true, 1},
		"authenticated":                 {smimeMail("application/pkcs7-mime", cmsOf(oidAuthEnvelopedData, []byte("x"), true)), "", []string{"smime.p7m"}, false, true, 1},
		"signed, then encrypted inside": {smimeMail("application/pkcs7-mime", cmsOf(oidSignedData, twice, false)), "", []string{"smime.p7m", "smime.p7m"}, true, true, 1},
		"damaged":                       {smimeMail("application/pkcs7-mime; name=smime.p7m", cmsOf(oidSignedData, entity, false)[:100]), "", []string{"smime.p7m"}, false, false, 1},
		"none":                          {smimeMail("application/pkcs7-mime", []byte("Hallo")), "", []string{"smime.p7m"}, false, false, 1},
		"clear": {lines("Subject: x", "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b", "", "--b", "", "Hallo", "--b",
			"Content-Type: application/pkcs7-signature", "Content-Transfer-Encoding: base64", "", "MAA=", "--b--"), "Hallo", []string{"smime.p7s"}, true, false, 0},
		"PGP, signed": {lines("Subject: x", "Content-Type: multipart/signed; boundary=b", "", "--b", "", "Hallo", "--b",
			"Content-Type: application/pgp-signature", "", "-----BEGIN PGP", "--b--"), "Hallo", []string{"signature.asc"}, true, false, 0},
		"PGP, encrypted": {lines("Subject: x", "Content-Type: multipart/encrypted; boundary=b", "", "--b", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--b",
			"Content-Type: application/octet-stream; name=encrypted.asc", "", "-----BEGIN PGP", "--b--"), "", []string{"part-2", "encrypted.asc"}, false, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseEML(c.mail, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m)
			var names []string
			for _, a := range m.Attachments {
				names = append(names, a.Name)
			}
			if m.Text != c.text || !slices.Equal(names, c.names) || m.Signed != c.signed || m.Encrypted != c.encrypted || len(m.Defects) != c.defects {
				t.Errorf("%q, %q, signed %t, encrypted %t, %q", m.Text, names, m.Signed, m.Encrypted, m.Defects)
			}
		})
	}
	if _, err := ParseEML(smimeMail("application/pkcs7-mime", cmsOf(oidSignedData, deep, false)), Limits{}); !isTooLarge(err) {
		t.Errorf("20 in each other: %v", err)
	}
}

// The whole of what is signed and of what is encrypted stays, for who has the keys.
func TestSMIMEKept(t *testing.T) {
	for _, kind := range []string{oidSignedData, oidEnvelopedData} {
		whole := cmsOf(kind, []byte("Content-Type: text/plain\r\n\r\nHallo"), true)
		m, err := ParseEML(smimeMail("application/pkcs7-mime", whole), Limits{})
		if err != nil || len(m.Attachments) != 1 || !bytes.Equal(m.Attachments[0].Content, whole) {
			t.Errorf("%x: %+v, %v", kind, m, err)
		}
	}
}

// Three files of OpenSSL's, "openssl cms" with -nocerts and -noattr: signed, signed with -stream, encrypted with -stream.
func TestOpenSSL(t *testing.T) {
	for kind, files := range map[string][]string{
		oidSignedData: {"MIIBLwYJKoZIhvcNAQcCoIIBIDCCARwCAQExDTALBglghkgBZQMEAgEweAYJKoZIhvcNAQcBoGsEaUNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbjsgY2hhcnNl" +
			"dD11dGYtOA0KQ29udGVudC1UcmFuc2Zlci1FbmNvZGluZzogcXVvdGVkLXByaW50YWJsZQ0KDQpHcj1DMz1CQz1DMz05RmUNCjGBjTCBigIBATAkMAwxCjAI" +
			"BgNVBAMMAVQCFHsxYqTZRhBT1tKAEYLiIh/GvXvZMAsGCWCGSAFlAwQCATAKBggqhkjOPQQDAgRGMEQCIDxmn4JCh1pwLy0yMONirjNvm0cdBFqxIiark6mB" +
			"ciy7AiBz0lc39i9oguoTusLBSzUK2hlaEpmn2ZJMyz/jZRsDJA==",
			"MIAGCSqGSIb3DQEHAqCAMIACAQExDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcBoIAkgARpQ29udGVudC1UeXBlOiB0ZXh0L3BsYWluOyBjaGFyc2V0PXV0" +
				"Zi04DQpDb250ZW50LVRyYW5zZmVyLUVuY29kaW5nOiBxdW90ZWQtcHJpbnRhYmxlDQoNCkdyPUMzPUJDPUMzPTlGZQ0KAAAAAAAAMYGOMIGLAgEBMCQwDDEK" +
				"MAgGA1UEAwwBVAIUezFipNlGEFPW0oARguIiH8a9e9kwCwYJYIZIAWUDBAIBMAoGCCqGSM49BAMCBEcwRQIhAIweTdCrtJ5ShGPuNwPl1+2lDhhAoMg+IXHi" +
				"8fxPcCjaAiANlQsYqNKhjPODflmTQL4bRaWsWcfFctR9BG5ob1uCYwAAAAAAAA=="},
		oidEnvelopedData: {"MIAGCSqGSIb3DQEHA6CAMIACAQIxgbehgbQCAQOgUaFPMAkGByqGSM49AgEDQgAE1Z3js3Bgd3uwj3BL/+LHVwymEElVylbDVykghtkpXHQDbdCb7Q37QrYt" +
			"phqAFXW3aK163k/Dgb5i22AxW3axHzAYBgkrgQUQhkg/AAIwCwYJYIZIAWUDBAEFMEIwQDAkMAwxCjAIBgNVBAMMAVQCFHsxYqTZRhBT1tKAEYLiIh/GvXvZ" +
			"BBiMQVKgEEg7JYIo3418/2R67Vd8was7orQwgAYJKoZIhvcNAQcBMB0GCWCGSAFlAwQBAgQQbH2tNB1+Uy9tiTo7Bouk3KCABGDSFFbvTZTnP6F3o5s/UXSy" +
			"wrCz3HwSZ8ul7uf+QGeDbttZqrsPAWqWqaqeC9lgF49qPxMRfv/UYzPl1pUIVZVeva5EbAej9LhhB0abi82NQ3xgOFpXBART1q4ckIya1hMEEBrLoETHi4AD" +
			"qkPTUcNK4b4AAAAAAAAAAAAA"},
	} {
		for i, file := range files {
			m, err := ParseEML(lines("Subject: x", "Content-Type: application/pkcs7-mime", "Content-Transfer-Encoding: base64", "", file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if signed := kind == oidSignedData; m.Signed != signed || m.Encrypted == signed || (m.Text == "Grüße") != signed || len(m.Attachments) != 1 {
				t.Errorf("%x, %d: %+v", kind, i, m)
			}
		}
	}
}

// Outlook keeps both kinds as one attachment of the mail.
func TestMSGSigned(t *testing.T) {
	part := lines("Content-Type: multipart/signed; boundary=b", "", "--b", "Content-Type: text/plain; charset=utf-8", "", "Grüße", "--b",
		"Content-Type: application/pkcs7-signature; name=smime.p7s", "", "sig", "--b--")
	for class, c := range map[string]struct {
		tag, name string
		content   []byte
		want      string
		text      string
		encrypted bool
	}{
		"IPM.Note.SMIME.MultipartSigned": {"multipart/signed", "smime.p7m", part, "smime.p7s", "Grüße", false},
		"IPM.Note.SMIME":                 {"application/pkcs7-mime", "smime.p7m", cmsOf(oidSignedData, lines("Content-Type: text/plain", "", "Hallo"), false), "smime.p7m", "Hallo", false},
		"IPM.Note.SMIME, encrypted":      {"application/x-pkcs7-mime", "smime.p7m", cmsOf(oidEnvelopedData, []byte("x"), true), "smime.p7m", "", true},
	} {
		m, err := ParseMSG(compoundFile(put(folder{attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachTag, c.tag}, prop{propAttachLongName, c.name},
			prop{propAttachData, c.content}, prop{propAttachMethod, attachByValue})}, topHeader, prop{propMessageClass, strings.TrimSuffix(class, ", encrypted")})), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Attachments) != 1 || m.Attachments[0].Name != c.want || m.Text != c.text || m.Signed == c.encrypted || m.Encrypted != c.encrypted {
			t.Errorf("%s: %+v", class, m)
		}
	}
}
