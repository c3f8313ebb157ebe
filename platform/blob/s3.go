package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket keeps blobs as objects ab/cd/abcd…, which a folder reads too, so that a bucket can be copied into one.
type bucket struct {
	c    *minio.Client
	name string
}

// openS3 never quotes the address in an error: it holds the secret key.
func openS3(ctx context.Context, address string) (Store, error) {
	bad := errors.New("blob: the S3 address is unreadable: want s3://KEY:SECRET@HOST/BUCKET[?region=…&insecure=1], " +
		"special characters in KEY and SECRET percent-encoded")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User == nil {
		return nil, bad
	}
	secret, ok := u.User.Password()
	name := strings.Trim(u.Path, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return nil, bad
	}
	region := u.Query().Get("region")
	if region == "" {
		region = "us-east-1"
	}
	c, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(u.User.Username(), secret, ""),
		Secure: u.Query().Get("insecure") != "1", Region: region, MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: S3 at %s: %w", u.Host, err)
	}
	// Look into the bucket: the answer to a HEAD has no body, so a wrong key could look like a missing bucket.
	look, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range c.ListObjectsIter(look, name, minio.ListObjectsOptions{MaxKeys: 1}) {
		if minio.ToErrorResponse(o.Err).Code == minio.NoSuchBucket {
			return nil, fmt.Errorf("blob: there is no bucket %q at %s: create it", name, u.Host)
		}
		if o.Err != nil {
			return nil, unavailable(fmt.Errorf("S3 at %s: %w", u.Host, o.Err))
		}
		break
	}
	return &bucket{c: c, name: name}, nil
}

func object(hash string) string { return hash[:2] + "/" + hash[2:4] + "/" + hash }

// Put spools to a temporary file first, because the name is known only at the end. S3 makes an object visible whole
// or not at all.
func (b *bucket) Put(ctx context.Context, r io.Reader, limit int64) (ref Ref, err error) {
	tmp, err := os.CreateTemp("", "rennsteig-blob-")
	if err != nil {
		return Ref{}, unavailable(err)
	}
	defer func() {
		tmp.Close()           // nothing more is written to it
		os.Remove(tmp.Name()) //nolint:errcheck // the system cleans up what is left
	}()
	ref, err = spool(ctx, tmp, r, limit)
	if err != nil {
		return Ref{}, err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return Ref{}, unavailable(err)
	}
	_, err = b.c.PutObject(ctx, b.name, object(ref.Hash), tmp, ref.Size,
		minio.PutObjectOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return Ref{}, b.error(ctx, ref.Hash, err)
	}
	return ref, nil
}

func (b *bucket) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	if err := checkHash(hash); err != nil {
		return nil, err
	}
	body, _, _, err := minio.Core{Client: b.c}.GetObject(ctx, b.name, object(hash), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.error(ctx, hash, err)
	}
	return verify(body, hash), nil
}

func (b *bucket) Stat(ctx context.Context, hash string) (Ref, error) {
	if err := checkHash(hash); err != nil {
		return Ref{}, err
	}
	info, err := b.c.StatObject(ctx, b.name, object(hash), minio.StatObjectOptions{})
	if err != nil {
		return Ref{}, b.error(ctx, hash, err)
	}
	return Ref{Hash: hash, Size: info.Size}, nil
}

func (b *bucket) Delete(ctx context.Context, hash string) error {
	if checkHash(hash) != nil {
		return nil // no such name is ever there
	}
	err := b.c.RemoveObject(ctx, b.name, object(hash), minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusNotFound {
		return b.error(ctx, hash, err)
	}
	return nil
}

func (b *bucket) List(ctx context.Context, each func(Ref, time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when each fails
	defer cancel()
	for o := range b.c.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			return b.error(ctx, "", o.Err)
		}
		hash := o.Key[strings.LastIndexByte(o.Key, '/')+1:]
		if checkHash(hash) != nil || o.Key != object(hash) {
			continue // not ours
		}
		if err := each(Ref{Hash: hash, Size: o.Size}, o.LastModified); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (b *bucket) error(ctx context.Context, hash string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r := minio.ToErrorResponse(err); r.StatusCode == http.StatusNotFound && r.Code != minio.NoSuchBucket {
		return missing(hash)
	}
	return unavailable(err)
}
