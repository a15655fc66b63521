import { CHARACTER_SETS } from './character-sets.ts'
import type { ConformanceConfiguration } from './configuration.ts'
import { blocks, table } from './markdown.ts'
import {
  annexes,
  associationPolicies,
  evidence,
  queryRetrieve,
  servicesTable,
  storage,
  storageCommitment,
} from './networking.ts'
import { deidentification, elementActions, secureTransport } from './security.ts'
import { AUDIT_NOTE } from './texts.ts'

/**
 * The DICOM conformance statement (PS3.2) of an appliance as Markdown: a pure function of its configuration and of the
 * fact tables that the code itself works by. The order of chapters follows the template of PS3.2.
 */
export function conformanceStatement(configuration: ConformanceConfiguration): string {
  const { softwareVersion, aeTitle, host, dimsePort, settings, services } = configuration
  return `${blocks(
    `# DICOM conformance statement: Leadglass appliance ${softwareVersion}`,
    'Generated from the configuration and from the tables that the program works by. Do not edit it.',
    '## 1 Overview',
    'The appliance receives studies from modalities and archives, de-identifies and scores them locally, and returns structured reports. It does not display images.',
    servicesTable(configuration),
    'Media services, DICOMweb, worklist and printing are not offered.',
    '## 2 Introduction',
    'For those who connect the appliance to modalities and archives. It presumes familiarity with DICOM. A statement of conformance does not by itself guarantee that two systems work together: the connection has to be tested. References are to the standard, PS3.1 to PS3.22, edition 2024b or later where nothing else is said. Abbreviations are those of PS3.',
    '## 3 Implementation model',
    'One application entity, with one listener and any number of requesting associations.',
    table(
      ['real-world activity', 'what the application entity does'],
      [
        ['A modality or archive sends a study', `Storage SCP${services.commitmentScp ? '; commits on request' : ''}`],
        ['A study is complete', 'de-identifies, scores, makes a report'],
        [
          'A report is due',
          `Storage SCU to each destination${services.commitmentScu ? ', then Storage Commitment SCU' : ''}`,
        ],
        ...(services.queryRetrieveScu
          ? [['Priors are wanted; completeness is checked', 'Query SCU, then Retrieve SCU (MOVE or GET)']]
          : []),
        ...(services.queryScp ? [['A workstation asks what is held', 'Query SCP']] : []),
        ['Somebody tests the connection', 'Verification SCP'],
      ],
    ),
    'Objects are put together as studies. Where a finished procedure step, a notification of availability or the number of instances that a configured archive counts agrees with what is here, the study is complete; where one of them names more, it waits for the rest, at most ' +
      `${settings.assembly.evidenceMs / 1000} s after its last object. ` +
      'Without such evidence a study counts as complete after ' +
      `${settings.assembly.quietMs} ms without a new object once no association that sent to it is open, and at the latest after ${settings.assembly.capMs / 1000} s. An object that comes later opens a new revision.`,
    '## 4 Services',
    '### 4.1 Verification',
    'SCP, and SCU where a connection is tested from here. No particular behaviour.',
    '### 4.2 Storage',
    storage(configuration),
    '### 4.3 Storage commitment',
    storageCommitment(configuration),
    '### 4.4 Query and retrieve',
    queryRetrieve(configuration),
    '### 4.5 Procedure steps and availability',
    evidence(configuration),
    '## 5 Association policies',
    associationPolicies(configuration),
    '## 6 Network',
    `TCP/IP, IPv4 and IPv6. This configuration listens on ${host}, port ${dimsePort}. Names of destinations are resolved by the host; the appliance itself offers no DHCP, DNS, NTP or LDAP configuration service.`,
    '## 7 Configuration',
    'AE title, address and port are set in the configuration file, which is read at the start. Callers with their addresses and certificates, destinations, TLS, times and limits are set in the settings, which take effect without a restart.',
    table(
      ['parameter', 'this configuration'],
      [
        ['own AE title', aeTitle],
        ['address and port', `${host}:${dimsePort}`],
        ['callers', settings.callers.map((caller) => caller.aeTitle).join(', ') || 'none named'],
        ['destinations', settings.destinations.map(({ name }) => name).join(', ') || 'none'],
        ['study complete after quiet, ms', settings.assembly.quietMs],
        ['study complete at the latest, ms', settings.assembly.capMs],
        ['soft mark: least free disk, bytes', settings.pressure.softFreeBytes],
        ['hard mark: least free disk, bytes', settings.limits.minimumFreeBytes],
        [
          'soft and hard mark: free inodes, percent',
          `${settings.pressure.softFreeInodesPercent}, ${settings.pressure.hardFreeInodesPercent}`,
        ],
      ],
    ),
    '## 8 Security',
    '### 8.1 Secure transport',
    secureTransport(configuration),
    '### 8.2 Audit',
    AUDIT_NOTE,
    '### 8.3 De-identification',
    deidentification(configuration),
    '## 9 Character sets',
    'Text is decoded in these character sets, with and without code extensions. An unknown term is decoded as ISO_IR 100. Reports carry the text of their source byte for byte, in its character set; responses to queries use ISO_IR 192 where ASCII does not do.',
    table(['Specific Character Set', 'repertoire'], CHARACTER_SETS),
    annexes(),
    elementActions(configuration),
  )}\n`
}
