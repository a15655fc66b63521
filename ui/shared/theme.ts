import { createTheme, type MantineColorsTuple } from '@mantine/core'

/**
 * A reading room is dark: near-black surround, no pure white, text no brighter than it needs to be, contrast at least
 * 4.5 : 1 everywhere. Severity is never told by hue alone; see `state-badge.tsx`.
 */

/** Surfaces and text, darkest last, as Mantine numbers its dark scale. */
const surround: MantineColorsTuple = [
  '#d5d9df',
  '#b4bac4',
  '#979eab',
  '#6d7583',
  '#39404b',
  '#2a3039',
  '#1c2129',
  '#14181e',
  '#0f1216',
  '#0b0d10',
]

/** The one accent: a calm blue that keeps 4.5 : 1 on the surround as text and under dark text as a fill. */
const window: MantineColorsTuple = [
  '#e3f1fb',
  '#c5e1f5',
  '#a3cfee',
  '#83bee7',
  '#6ab0e1',
  '#56b4e9',
  '#3d94cd',
  '#2c7aae',
  '#1f618d',
  '#134a6d',
]

/** Okabe and Ito's colours for categories: distinguishable with every common colour vision deficiency. */
export const CATEGORY = {
  orange: '#e69f00',
  skyBlue: '#56b4e9',
  green: '#35b58b',
  yellow: '#f0e442',
  vermilion: '#e8743b',
  purple: '#cc79a7',
  grey: '#979eab',
} as const

/** The shared theme of console and hub. */
export const theme = createTheme({
  primaryColor: 'window',
  primaryShade: 5,
  autoContrast: true,
  colors: { dark: surround, window },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace',
  defaultRadius: 'sm',
  // No motion: a page in a reading room does not flash or slide.
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { transitionProps: { duration: 0 } } },
    Modal: { defaultProps: { transitionProps: { duration: 0 } } },
  },
})
