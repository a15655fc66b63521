import type { Control } from '../evaluate.ts'

/** What is asked of one version of a model, whatever framework asks it. */
export const MODEL_VERSION: readonly Control[] = [
  {
    clause: '45 CFR 170.315(b)(11)(iv)',
    asks: 'The source attributes of the card are complete.',
    needs: ['version-card'],
  },
  {
    clause: '21 CFR 11.50',
    asks: 'Each signature shows printed name, date and time, and meaning.',
    needs: ['version-signatures'],
  },
  {
    clause: '21 CFR 11.70',
    asks: 'The signatures are bound to the bytes that are published.',
    needs: ['version-signatures', 'version-listed'],
  },
  {
    clause: 'TUF specification 4.5',
    asks: 'The version is listed by the role that its approvers sign.',
    needs: ['version-listed'],
  },
  {
    clause: 'OpenSSF Model Signing',
    asks: 'A statement over every file can be verified by public tools.',
    needs: ['version-statement'],
  },
  {
    clause: 'FD&C Act 515C',
    asks: 'The change is within a plan that was adopted beforehand.',
    needs: ['version-change'],
  },
  {
    clause: 'IMDRF N88, principle 4',
    asks: 'It is known what it was trained and tested on.',
    needs: ['version-lineage'],
  },
  {
    clause: 'AI Act Art. 72',
    asks: 'Its distributions are watched, and alerts are looked at.',
    needs: ['version-drift'],
  },
  { clause: 'AI Act Art. 20', asks: 'It is not recalled.', needs: ['version-recall'] },
  {
    clause: 'AI Act Art. 26(5)',
    asks: 'What runs where is known from the boxes themselves, stops included.',
    needs: ['version-sites'],
  },
  {
    clause: 'IMDRF N88, principle 10',
    asks: 'It is brought to the sites step by step and watched.',
    needs: ['version-rollouts'],
  },
]
