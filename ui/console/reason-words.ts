import { wordsOf } from '../shared/format.ts'

/** Reasons whose codes do not read as words. All others are shown as they are, without their hyphens. */
const WORDS: Readonly<Record<string, string>> = {
  recalled: 'the model was recalled by a safety officer',
  'stopped-at-site': 'the model is stopped at this site',
  'no-model': 'no model is in use',
  'no-fit-modality': 'the modality does not fit the model',
  'no-fit-sop-class': 'the kind of object does not fit the model',
  'no-fit-body-part': 'the body part does not fit the model',
  'no-fit-view': 'the view does not fit the model',
  'multi-frame': 'the object has several frames',
  'not-finite': 'the model gave no finite number',
  'internal-error': 'the model could not be run',
  crashed: 'the worker ended without an answer',
  memory: 'the worker needed too much memory',
  'timed-out': 'the worker took too long',
}

/** Why a study or an image was not scored, failed, or was put into quarantine. */
export function reasonWords(code: string): string {
  return WORDS[code] ?? wordsOf(code)
}
