import type { StructureRule } from './object-reader.ts'

/** What a hit means; never which identifier it was. */
export type VerifierRule = StructureRule | 'identifier-found' | 'personal-pattern'

/** Where a hit stands. `text`: a decoded value; `header`: any byte before the pixel data; `json`: an envelope. */
export type VerifierPlace = 'structure' | 'text' | 'header' | 'pixel-data' | 'json'

/** Why nothing can be said about the bytes. */
export type VerifierErrorCode = 'object-unreadable' | 'data-set-compressed' | 'json-unreadable' | 'too-many-identifiers'

/** Only `clean` may pass: a hit and an error both keep the object in. */
export type VerifierOutcome =
  | { readonly kind: 'clean'; readonly checks: number }
  | { readonly kind: 'hit'; readonly rule: VerifierRule; readonly place: VerifierPlace }
  | { readonly kind: 'error'; readonly code: VerifierErrorCode }
