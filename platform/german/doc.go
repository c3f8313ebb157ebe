// Package german analyses German text for search: folding (ä = ae = a, ß = ss), stop and filler words, inflection,
// word families (anmelden – Anmeldung – angemeldet; umziehen – umgezogen – Umzug), compounds split over a word list,
// and spelling mistakes.
//
// It is a set of pure functions around a Lexicon, the words that are known: the package's own lists (words/*.txt) plus
// those that the caller adds, such as the names of a catalogue. A word is reduced to the root of its family; the
// lexicon is what tells a participle ("gemeldet") from a noun that only looks like one ("Gebiet"), and a compound
// ("Hundesteuer") from an accident.
//
// Everything works on folded text: Fold first, or use Lexicon.Words, which does. Input of any length and any bytes is
// accepted; at most MaxWords words of it are looked at.
package german
