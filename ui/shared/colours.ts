/**
 * Okabe and Ito's colours for categories, two of them lightened for a dark ground: distinguishable with every common
 * colour vision deficiency, and at least 4.5 : 1 on every surface of styles/tokens.css. Hue never tells anything alone.
 */
export const CATEGORY = {
  orange: '#e69f00',
  skyBlue: '#56b4e9',
  green: '#35b58b',
  vermilion: '#e8743b',
  grey: '#979eab',
} as const
