// Package provider is the demo's OpenID provider: a list of invented people to sign in as, without passwords.
//
// It speaks the real protocol, so that what works with it works with Keycloak: discovery, authorization code with PKCE,
// ID tokens signed with RS256, userinfo, RP-initiated logout. New refuses unless the program runs as demo.
//
// Requests and tokens live in memory for a few minutes; who signs in while the program restarts begins again. The
// signing key is kept in a file, so that the ID token a session remembers still works as a hint when signing out.
package provider

import "embed"

// Files are the texts (provider.…) and the page. There are no tables: leave it out when migrating.
//
//go:embed texts/*.json pages/*.html
var Files embed.FS
