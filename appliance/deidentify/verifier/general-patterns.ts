/**
 * What the data of any person look like, whoever it is. Each rule is narrow: it must name its subject or have a form
 * that technical text does not have, since a hit keeps an object in. Not among the rules: plain runs of digits (UIDs,
 * serial numbers and exposure values are such), dates (those of the study are there, shifted) and capitalised words.
 */
const RULES: readonly RegExp[] = [
  // Mail addresses.
  /(?<=[\p{L}\d_%+-])@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63}){0,4}\.\p{L}{2,24}/u,
  // Social security numbers of the United States, with their separators and within their ranges.
  /(?<![\d.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d.-])/,
  // Telephone numbers: with a country code, or a North American one with brackets or three groups.
  /(?<![\w.+])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?![\d.])/,
  /(?<![\w.])\(\d{3}\) ?\d{3}-\d{4}(?!\d)/,
  // A label of a person's number, name or birth, and a value behind it.
  /\b(?:MRN|SSN|NHS (?:no|number)|DOB|date of birth|birth ?date|accession(?: no| number)?|patient (?:name|id)|pat\.? ?(?:id|name)|phone|tel)\b\.?\s{0,2}[:=#]\s{0,2}[\p{L}\d]/iu,
]

/** True when the text holds what is some person's, by its form alone. */
export function holdsPersonalPattern(text: string): boolean {
  return RULES.some((rule) => rule.test(text))
}
