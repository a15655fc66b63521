/** Months as people write them, in the languages of the places where the box is known to stand. Folded by the caller. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'pl', 'sv', 'da', 'fi', 'cs']

const MONTHS = new Map<string, number>()
for (const language of LANGUAGES)
  for (const style of ['long', 'short'] as const)
    for (let month = 0; month < 12; month += 1) {
      const parts = new Intl.DateTimeFormat(language, { day: 'numeric', month: style, timeZone: 'UTC' }).formatToParts(
        Date.UTC(2024, month, 15),
      )
      const name = parts.find(({ type }) => type === 'month')?.value ?? ''
      if (/\p{L}/u.test(name)) MONTHS.set(plainMonth(name), month + 1)
    }
for (const [name, month] of [
  ['sept', 9],
  ['marz', 3],
  ['mrz', 3],
  ['maerz', 3],
] as const)
  MONTHS.set(name, month)

/** Three numbers with the same separator, none of them part of a longer run such as a UID or a version. */
const NUMERIC = /(?<![\d.])(\d{1,4})([-./ _])(\d{1,2})\2(\d{4}|\d{2})(?![\d.]*\d)/g
/** `letter` is a class of letters: the narrow one is much faster where a text has no others. */
function worded(letter: string, flags: string): { dayFirst: RegExp; monthFirst: RegExp; yearFirst: RegExp } {
  const day = '(\\d{1,2})(?:st|nd|rd|th)?'
  return {
    dayFirst: new RegExp(
      `(?<!\\d)${day}[\\s.,_/-]{0,3}(?:de |of )?(${letter}{3,12})[\\s.,_/-]{0,3}(?:de )?(\\d{4}|\\d{2})(?!\\d)`,
      flags,
    ),
    monthFirst: new RegExp(
      `(?<!${letter})(${letter}{3,12})[\\s._-]{0,2}${day}[\\s.,_-]{1,3}(\\d{4}|\\d{2})(?!\\d)`,
      flags,
    ),
    yearFirst: new RegExp(`(?<!\\d)(\\d{4})[\\s._-]{0,2}(${letter}{3,12})[\\s._-]{0,2}(\\d{1,2})(?!\\d)`, flags),
  }
}

const ASCII = worded('[A-Za-z]', 'g')
const UNICODE = worded('\\p{L}', 'gu')

/**
 * The dates that a text names, as YYYYMMDD, in every reading: day or month first, years of two digits in either century.
 * Runs of eight digits are not among them; those are searched for as numbers.
 */
export function datesIn(text: string): Set<string> {
  const dates = new Set<string>()
  for (const [, first = '', , second = '', third = ''] of text.matchAll(NUMERIC)) {
    if (first.length > 2) add(dates, first, Number(second), Number(third))
    else {
      add(dates, third, Number(second), Number(first))
      add(dates, third, Number(first), Number(second))
    }
  }
  const { dayFirst, monthFirst, yearFirst } = /^[\0-\x7f]*$/.test(text) ? ASCII : UNICODE
  for (const [, day = '', name = '', year = ''] of text.matchAll(dayFirst)) add(dates, year, monthOf(name), Number(day))
  for (const [, name = '', day = '', year = ''] of text.matchAll(monthFirst))
    add(dates, year, monthOf(name), Number(day))
  for (const [, year = '', name = '', day = ''] of text.matchAll(yearFirst))
    add(dates, year, monthOf(name), Number(day))
  return dates
}

function add(dates: Set<string>, year: string, month: number, day: number): void {
  if (month < 1 || month > 12 || day < 1 || day > 31) return
  const rest = `${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`
  if (year.length === 4) dates.add(`${year}${rest}`)
  else if (year.length === 2) for (const century of ['19', '20']) dates.add(`${century}${year}${rest}`)
}

function monthOf(name: string): number {
  return MONTHS.get(plainMonth(name)) ?? 0
}

function plainMonth(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, '')
}
