/** Kinds of attribute matching of PS3.4 C.2.2.2, by the kind of key. */
export type KeyKind = 'text' | 'name' | 'uid' | 'date' | 'time' | 'code'

/**
 * True when a value matches a key (PS3.4 C.2.2.2): universal, single value, list of UIDs, wildcards, ranges of dates
 * and times. An empty value matches only the universal key, and a wildcard of asterisks alone. Names are compared
 * without regard to case and trailing delimiters (PS3.4 C.2.2.2.1).
 * @param key as it came, several values joined by backslashes.
 */
export function matches(kind: KeyKind, key: string, value: string): boolean {
  if (key === '' || /^\*+$/.test(key)) return true
  switch (kind) {
    case 'uid':
      return key.split('\\').some((uid) => uid.trim() === value)
    case 'date':
      return inRange(key, value, (text) => text.replaceAll('.', ''))
    case 'time':
      return inRange(key, value, (text) => text.replaceAll(':', ''))
    case 'name':
      return glob(normalName(key), normalName(value))
    case 'text':
    case 'code':
      return glob(key, value)
  }
}

/**
 * Range matching (PS3.4 C.2.2.2.5): `a-b`, `-b`, `a-`, or one value. A shorter value stands for the whole of what it
 * names: an end of `12` is all of the hour after noon.
 */
function inRange(key: string, value: string, normal: (text: string) => string): boolean {
  const actual = normal(value.trim())
  if (actual === '') return false
  const dash = key.indexOf('-')
  if (dash < 0) return startsSame(normal(key.trim()), actual)
  const from = normal(key.slice(0, dash).trim())
  const to = normal(key.slice(dash + 1).trim())
  return (from === '' || actual >= from) && (to === '' || actual <= to || startsSame(to, actual))
}

function startsSame(key: string, actual: string): boolean {
  return key !== '' && actual.startsWith(key)
}

function normalName(name: string): string {
  return name
    .replace(/[\^= ]+$/, '')
    .toUpperCase()
    .normalize('NFC')
}

/** `*` for any characters and `?` for one (PS3.4 C.2.2.2.4), in time proportional to both lengths: keys are hostile. */
export function glob(pattern: string, text: string): boolean {
  let at = 0
  let inText = 0
  let star = -1
  let resume = 0
  while (inText < text.length) {
    const wanted = pattern[at]
    if (wanted === '*') {
      star = at
      resume = inText
      at += 1
    } else if (wanted === '?' || wanted === text[inText]) {
      at += 1
      inText += 1
    } else if (star >= 0) {
      at = star + 1
      resume += 1
      inText = resume
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
