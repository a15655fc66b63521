import { showControls } from './format.ts'

/**
 * Words that came from outside: an object, a device, another service. They end where the element ends whatever they
 * hold, and what would not be seen is shown.
 */
export function Given({ words }: { readonly words: string }) {
  const shown = showControls(words)
  return <bdi title={shown}>{shown}</bdi>
}
