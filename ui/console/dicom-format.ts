/**
 * A Person Name (PS3.5 6.2.1) for reading: `DOE^JANE^^DR` as `DOE, JANE, DR`, component groups (alphabetic,
 * ideographic, phonetic) apart. Nothing is left out and no letter is changed.
 */
export function formatPersonName(name: string): string {
  return name
    .split('=')
    .map((group) =>
      group
        .split('^')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .join(', '),
    )
    .filter((group) => group !== '')
    .join(' / ')
}

/** A Date (PS3.5 6.2, DA) `19570312` as `1957-03-12`; anything else as it came. */
export function formatDicomDate(date: string): string {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  return year === undefined ? date : `${year}-${month}-${day}`
}

/** A Time (PS3.5 6.2, TM) `140509.25` as `14:05:09`; anything else as it came. */
export function formatDicomTime(time: string): string {
  const [, hours, minutes, seconds] = /^(\d{2})(\d{2})(\d{2})(?:\.\d{1,6})?$/.exec(time) ?? []
  return hours === undefined ? time : `${hours}:${minutes}:${seconds}`
}

/** Values beside each other, without those that are empty. */
export function joinKnown(values: readonly string[], between = ' · '): string {
  return values.filter((value) => value.trim() !== '').join(between)
}
