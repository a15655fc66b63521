/**
 * Matches a text against a pattern in which `*` stands for any characters and `?` for one; everything else stands for
 * itself, whatever its case. No pattern needs more than (length of text) x (length of pattern) steps: there is one place
 * to go back to, the last asterisk, never a tree of them.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  const value = [...text.toLowerCase()]
  const wanted = [...pattern.toLowerCase()]
  let at = 0
  let next = 0
  let asterisk = -1
  let resume = 0
  while (at < value.length) {
    if (wanted[next] === '*') {
      asterisk = next
      next += 1
      resume = at
    } else if (next < wanted.length && (wanted[next] === '?' || wanted[next] === value[at])) {
      at += 1
      next += 1
    } else if (asterisk >= 0) {
      resume += 1
      at = resume
      next = asterisk + 1
    } else {
      return false
    }
  }
  while (wanted[next] === '*') next += 1
  return next === wanted.length
}
