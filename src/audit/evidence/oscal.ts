/**
 * Evidence for NIST controls as OSCAL assessment results: an observation a control, a risk a gap. There are no findings:
 * OSCAL has these say `satisfied` or `not-satisfied`, which is for an assessor to say.
 * @see https://pages.nist.gov/OSCAL-Reference/models/v1.1.3/assessment-results/json-outline/
 */
import type { ControlEvidence, Evidence } from './evidence.ts';
import { stableUuid } from './stable-uuid.ts';

export const OSCAL_VERSION = '1.1.3';
const NAMESPACE = 'urn:dbgate:evidence';

/** UUIDs come of gateway, period, database and control: the same evidence asked for twice has the same. */
export function oscalAssessmentResults(evidence: Evidence): object {
  const { gateway, framework, frameworkName, database, since, until, madeAt, controls } = evidence;
  const uuid = (...names: readonly string[]): string =>
    stableUuid(gateway, framework, database ?? '', since, until, ...names);
  const plan = uuid('plan');
  const about = database === null ? `gateway ${gateway}` : `database ${database} behind gateway ${gateway}`;
  const risks = controls.flatMap((control) => risksOf(control, uuid));
  return {
    'assessment-results': {
      uuid: uuid('assessment-results'),
      metadata: {
        title: line(`Evidence for ${frameworkName}: ${about}`),
        'last-modified': madeAt,
        version: line(`${since}/${until}`),
        'oscal-version': OSCAL_VERSION,
        remarks: 'What the record of the gateway shows. Whether a control is met is for an assessor to say.',
      },
      'import-ap': { href: `#${plan}` },
      results: [
        {
          uuid: uuid('result'),
          title: line(`Record of ${about}`),
          description: line(`Queries over the record of ${about}, from ${since} until ${until}`),
          start: since,
          end: until,
          props: treeProps(evidence),
          'reviewed-controls': {
            'control-selections': [{ 'include-controls': controls.map(({ id }) => ({ 'control-id': controlId(id) })) }],
          },
          observations: controls.map((control) => observation(control, evidence, uuid)),
          ...(risks.length === 0 ? {} : { risks }),
        },
      ],
      'back-matter': {
        resources: [
          {
            uuid: plan,
            title: 'Queries of dbgate',
            description: 'The questions and queries are those of the report beside this file (evidence.json).',
            rlinks: [{ href: 'evidence.json', 'media-type': 'application/json' }],
          },
        ],
      },
    },
  };
}

type Uuid = (...names: readonly string[]) => string;

function observation(control: ControlEvidence, { madeAt }: Evidence, uuid: Uuid): object {
  const { id, title, question, shows } = control;
  const evidence = shows.flatMap(({ words, samples }) =>
    samples.flatMap(({ id: sample, at, who, what, proofs }) =>
      proofs
        .filter(({ state }) => state === 'proved')
        .map(({ file }) => ({
          href: `proofs/${encodeURIComponent(file)}`,
          description: line(`One of the ${words}: ${sample}, ${at}, ${who ?? 'nobody'}, ${what}`),
        })),
    ),
  );
  return {
    uuid: uuid('observation', id),
    title: line(`${id}: ${title}`),
    description: line(`${question} ${shows.map(({ count, words }) => `${count} ${words}`).join('; ')}.`),
    props: [
      prop('control', controlId(id)),
      ...shows.map(({ name, count }) => prop('count', String(count), name)),
      prop('gaps', String(control.gaps.length)),
    ],
    methods: ['EXAMINE'],
    ...(evidence.length === 0 ? {} : { 'relevant-evidence': evidence }),
    collected: madeAt,
  };
}

function risksOf({ id, gaps }: ControlEvidence, uuid: Uuid): object[] {
  return gaps.map(({ name, words, count }) => ({
    uuid: uuid('risk', id, name),
    title: line(`${id}: ${words}`),
    description: line(`${count} ${words}`),
    statement: line(`The record shows ${count} ${words}, which was looked for as a gap of evidence for ${id}.`),
    props: [prop('count', String(count), name)],
    status: 'open',
    'related-observations': [{ 'observation-uuid': uuid('observation', id) }],
  }));
}

function treeProps({ gateway, database, tree }: Evidence): object[] {
  const all = {
    gateway,
    database,
    'tree-state': tree.state,
    'tree-origin': tree.origin,
    'tree-size': tree.size,
    'checkpoint-size': tree.checkpointSize,
    'checkpoint-at': tree.checkpointAt,
    'cosigned-size': tree.cosignedSize,
    'witnessed-size': tree.witnessedSize,
    'witnessed-at': tree.witnessedAt,
    witnesses: tree.witnesses,
  };
  return Object.entries(all)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => prop(name, String(value)));
}

function prop(name: string, value: string, kind?: string): object {
  return { name, ns: NAMESPACE, value: line(value), ...(kind === undefined ? {} : { class: kind }) };
}

/** As NIST's OSCAL catalog names it: `AC-6(9)` is `ac-6.9`. */
export function controlId(id: string): string {
  return id.toLowerCase().replace('(', '.').replace(')', '');
}

/** One line without blanks around it, as OSCAL's strings are. */
function line(text: string): string {
  const one = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ').trim();
  return one === '' ? '-' : one;
}
