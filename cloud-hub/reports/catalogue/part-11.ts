import type { Control } from '../evaluate.ts'

/** 21 CFR 11: electronic records and signatures. */
export const PART_11: readonly Control[] = [
  {
    clause: '21 CFR 11.10(a)',
    asks: 'The system is validated, and altered records are noticed.',
    needs: ['test-results', 'integrity-checks'],
  },
  {
    clause: '21 CFR 11.10(b)',
    asks: 'Records can be copied in full, for people and for programs.',
    needs: ['hub-log', 'signatures'],
  },
  {
    clause: '21 CFR 11.10(c)',
    asks: 'Records are protected for as long as they must be kept.',
    needs: ['log-retention', 'backup-test'],
  },
  { clause: '21 CFR 11.10(d)', asks: 'Only authorised people get in.', needs: ['access-review', 'access-refused'] },
  {
    clause: '21 CFR 11.10(e)',
    asks: 'A trail with times, made by the computer, says who changed what; the old stays.',
    needs: ['hub-log', 'hub-log-witnessed', 'site-logs', 'hub-recording'],
  },
  { clause: '21 CFR 11.10(f)', asks: 'Steps can be taken only in their order.', needs: ['reviews', 'approval-policy'] },
  {
    clause: '21 CFR 11.10(g)',
    asks: 'Only those who may sign, sign; only those who may act, act.',
    needs: ['signing-keys', 'access-review'],
  },
  {
    clause: '21 CFR 11.10(h)',
    asks: 'Devices from which data come are the right ones.',
    needs: ['certificates', 'enrolments'],
  },
  { clause: '21 CFR 11.10(i)', asks: 'People have the training for what they do.', needs: ['staff-training'] },
  {
    clause: '21 CFR 11.10(k)',
    asks: 'Changes of the system and its documents are controlled.',
    needs: ['settings-changed', 'change-plans'],
  },
  {
    clause: '21 CFR 11.30',
    asks: 'In an open system records stay authentic and confidential on the way.',
    needs: ['certificates', 'transmission'],
  },
  {
    clause: '21 CFR 11.50',
    asks: 'A signature shows printed name, date and time, and meaning.',
    needs: ['signatures'],
  },
  {
    clause: '21 CFR 11.70',
    asks: 'A signature cannot be cut off one record and put to another.',
    needs: ['signatures', 'published'],
  },
  {
    clause: '21 CFR 11.100',
    asks: 'A signature belongs to one person and is never given on.',
    needs: ['signing-keys'],
  },
  { clause: '21 CFR 11.200', asks: 'Signing takes two components each time.', needs: ['signing-acts'] },
  {
    clause: '21 CFR 11.300',
    asks: 'Identities are unique, passwords age, losses and misuse are answered.',
    needs: ['password-age', 'signing-keys', 'sign-ins'],
  },
]
