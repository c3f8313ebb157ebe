package xdomea

import (
	"encoding/xml"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The memory that is used at most, in bytes: a file with 50,000 documents takes some 200 MB.
const (
	maxHead = 16 << 20
	maxItem = 512 << 20 // of one item
)

// decoder reads elements of one message into structs.
type decoder struct {
	*scanner
	ns      string
	version string
	has     string // of the message's kind
	budget  int    // bytes that the item may still take
}

// fields reads an element that is open into a struct, to its end.
func (d *decoder) fields(plan *node, v reflect.Value) error {
	line, depth := d.line, len(d.open)
	if err := d.inside(plan, v); err != nil {
		return err
	}
	for _, k := range plan.kids {
		if name := d.unidentified(k, v); name != "" {
			return &refusal{"uuid", line, path(d.open[:depth]) + "/" + name, "there is no " + name}
		}
	}
	if plan.checks {
		if err := v.Addr().Interface().(checked).check(); err != nil {
			return &refusal{"content", line, path(d.open[:depth]), err.Error()}
		}
	}
	return nil
}

// unidentified names the ID that is missing, if one is.
func (d *decoder) unidentified(k *node, v reflect.Value) string {
	for _, inner := range k.kids {
		if name := d.unidentified(inner, v); name != "" {
			return name
		}
	}
	if k.uuid && k.must && (k.in == "" || strings.Contains(d.has, k.in)) && v.FieldByIndex(k.index).IsZero() {
		return k.name
	}
	return ""
}

// inside reads what is in an element whose fields are in v, to its end.
func (d *decoder) inside(n *node, v reflect.Value) error {
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			k := n.find[t.Name.Local]
			switch {
			case k == nil || t.Name.Space != d.ns && t.Name.Local != "code":
				err = d.skip()
			case k.index == nil:
				err = d.inside(k, v)
			default:
				err = d.field(k, v.FieldByIndex(k.index), t)
			}
			if err != nil {
				return err
			}
		}
	}
}

// skip reads to the end of the element that was opened last.
func (d *decoder) skip() error {
	for outer := len(d.open) - 1; len(d.open) > outer; {
		if _, err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

// field reads an element that is open into a field.
func (d *decoder) field(k *node, f reflect.Value, t xml.StartElement) error {
	switch f.Kind() {
	case reflect.Slice:
		if err := d.spend(2 * int(f.Type().Elem().Size())); err != nil { // what append copies
			return err
		}
		f.Grow(1)
		f.SetLen(f.Len() + 1)
		f = f.Index(f.Len() - 1)
	case reflect.Pointer:
		if f.IsNil() {
			f.Set(reflect.New(f.Type().Elem()))
		}
		f = f.Elem()
	}
	if !f.IsZero() {
		return d.refuse("xml", "a second %s", k.name)
	}
	if k.of != nil {
		return d.fields(k.of, f)
	}
	if c, ok := f.Addr().Interface().(*Code); ok {
		for _, a := range t.Attr {
			switch a.Name.Local {
			case "listURI":
				c.ListURI = a.Value
			case "listVersionID":
				c.ListVersion = a.Value
			}
		}
		if err := d.spend(len(c.ListURI) + len(c.ListVersion)); err != nil {
			return err
		}
		var err error
		c.Value, c.Name, err = d.code()
		return err
	}
	if raw, ok := f.Addr().Interface().(*RawXML); ok {
		return d.raw(raw)
	}
	if keep, ok := f.Addr().Interface().(*Keep); ok {
		return d.keep(k, keep)
	}
	if k.list != nil {
		code, _, err := d.code()
		if err == nil && k.list == appraisalList && code != "" && !k.list.has(code) {
			err = d.refuse("code", "Aussonderungsart has no code %s", quoted(code)).below(k.name)
		}
		f.SetString(code)
		return err
	}
	s, err := d.text()
	if err != nil {
		return err
	}
	return d.value(k, f, s)
}

// value reads a text into a field.
func (d *decoder) value(k *node, f reflect.Value, raw string) error {
	s := strings.Trim(raw, " \t\r\n")
	ok := true
	switch p := f.Addr().Interface().(type) {
	case *string:
		*p = raw
		if k.uuid {
			*p = strings.ToLower(s)
			ok = isUUID(s)
		}
	case *time.Time:
		if k.date {
			*p, ok = parseDay(s, d.version == "2.4.0")
		} else {
			*p, ok = parseTime(s)
		}
	case *Clock:
		*p, ok = Clock(s), validTime(s)
	case *bool:
		*p = s == "1" || s == "true"
		ok = *p || s == "0" || s == "false"
	case *uint32:
		n, err := strconv.ParseUint(s, 10, 32)
		*p, ok = uint32(n), err == nil || d.version == "2.4.0" // where it is any text
	}
	if !ok {
		return d.refuse("value", "%s is %s", k.name, quoted(s)).below(k.name)
	}
	return nil
}

// text reads the text of an element that is open, to its end. Elements in it are passed over.
func (d *decoder) text() (string, error) {
	var b []byte
	for {
		token, err := d.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return string(b), nil
		case xml.StartElement:
			if err := d.skip(); err != nil {
				return "", err
			}
		case xml.CharData:
			if err := d.spend(len(t)); err != nil {
				return "", err
			}
			b = append(b, t...)
		}
	}
}

// code reads a code that is open: the parts in it, or its text, as in 2.4 where the code itself stands for it.
func (d *decoder) code() (value, name string, err error) {
	var text []byte
	for {
		token, err := d.next()
		if err != nil {
			return "", "", err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if value == "" {
				value = string(text)
			}
			return strings.Trim(value, " \t\r\n"), strings.Trim(name, " \t\r\n"), nil
		case xml.CharData:
			if err := d.spend(len(t)); err != nil {
				return "", "", err
			}
			text = append(text, t...)
		case xml.StartElement:
			switch t.Name.Local {
			case "code":
				value, err = d.text()
			case "name":
				name, err = d.text()
			default:
				err = d.skip()
			}
			if err != nil {
				return "", "", err
			}
		}
	}
}

// raw reads all that is in an element that is open, whatever it is, with names that need nothing around them.
func (d *decoder) raw(out *RawXML) error {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	for outer := len(d.open) - 1; ; {
		token, err := d.next()
		if err != nil {
			return err
		}
		size := 0
		switch t := token.(type) {
		case xml.StartElement:
			t.Attr = slices.DeleteFunc(t.Attr, func(a xml.Attr) bool { return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" })
			size = 2 * (len(t.Name.Local) + len(t.Name.Space) + 20)
			for _, a := range t.Attr {
				size += 6*len(a.Value) + 2*len(a.Name.Local) + 2*len(a.Name.Space) + 20
			}
			token = t
		case xml.CharData:
			size = 6 * len(t) // at most, escaped
		case xml.EndElement:
			if len(d.open) == outer {
				if err := e.Flush(); err != nil {
					return err
				}
				*out = RawXML(strings.TrimSpace(b.String()))
				return nil
			}
		default: // comments
			continue
		}
		if err := d.spend(size); err != nil {
			return err
		}
		if err := e.EncodeToken(token); err != nil {
			return d.refuse("xml", "%s", printable(err.Error()))
		}
	}
}

// keep reads how long a record is kept; 2.4 has the years without an element around them.
func (d *decoder) keep(k *node, keep *Keep) error {
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		var years string
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			years = string(t)
		case xml.StartElement:
			text, err := d.text()
			if err != nil {
				return err
			}
			switch t.Name.Local {
			case "AnzahlJahre":
				years = text
			case "Unbefristet":
				*keep = Forever()
			}
		}
		if years = strings.Trim(years, " \t\r\n"); years != "" {
			n, err := strconv.ParseUint(years, 10, 16)
			if err != nil || *keep != (Keep{}) {
				return d.refuse("value", "%s is %s", k.name, quoted(years))
			}
			*keep = Years(uint16(n))
		}
	}
}

func (d *decoder) spend(n int) error {
	if d.budget -= n; d.budget < 0 {
		return d.refuse("item-size", "one record takes too much memory")
	}
	return nil
}
