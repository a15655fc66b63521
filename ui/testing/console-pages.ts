import type { FakeAppliance } from './fake-appliance.ts'
import type { PageCase } from './page-checks.ts'

/** Every page of the console. */
export function consolePages(appliance: FakeAppliance): PageCase[] {
  return [
    {
      name: 'worklist',
      path: '/',
      facts: ['PHANTOM, DELTA', 'Pneumonia', '0.873', '≥ 0.412', 'chest-radiograph 1.1.0', 'the view does not fit'],
      empty: 'No study has arrived yet.',
    },
    {
      name: 'study',
      path: `/studies/${studyNamed(appliance, 'PHANTOM^INDIA')}`,
      facts: [
        'PHANTOM, INDIA',
        'born 1957-03-12',
        'above operating point',
        'not scored: the view does not fit the model',
        'bone-age 0.3.0',
        'closed the association',
        'superseded',
      ],
      empty: undefined,
    },
    {
      name: 'quarantine',
      path: '/quarantine',
      facts: ['burned in annotation', 'by the verifier', 'US_ROOM_1', '900.0 KiB'],
      empty: 'Nothing is in quarantine.',
    },
    {
      name: 'pixels',
      path: '/pixels',
      facts: ['waits for a person', 'unknown device', 'object 7'],
      empty: 'No object is in this state.',
    },
    {
      name: 'what left the site',
      path: '/egress',
      facts: [
        'study-features',
        'refused by the hub',
        '41 wait for the hub',
        '17 drift cells with 96 counts',
        'Held by the settings: labels, drift, features',
        'waits for a person',
        'sent by mistake',
      ],
      empty: 'Nothing has left yet.',
    },
    {
      name: 'what left of one study',
      path: `/egress?study=${studyNamed(appliance, 'PHANTOM^INDIA')}`,
      facts: ['does not leave', '60 to 69', '1957'],
      empty: undefined,
    },
    {
      name: 'device',
      path: '/device',
      facts: [
        'disconnected: broker-unreachable',
        '384.0 GiB free',
        'golden case phantom-2',
        'READING at 127.0.0.1',
        'chest-radiograph 1.4.0 waits for the hospital',
        'A site administrator signs with the key of the site.',
      ],
      empty: 'No model has arrived.',
    },
    {
      name: 'hub',
      path: '/hub',
      facts: [
        'mqtts://hub.example:11115',
        'To do: check address, network and clock.',
        'waits until a site administrator has compared',
        'the site decides this itself',
        'Why: its signature is not the hub’s.',
      ],
      empty: 'The hub wishes nothing.',
    },
  ]
}

/** The pseudonym of a seeded study. */
export function studyNamed(appliance: FakeAppliance, patientName: string): string {
  const found = appliance.studies.find((study) => study.patientName === patientName)
  if (found === undefined) throw new Error('no such study among the seeds')
  return found.study
}
