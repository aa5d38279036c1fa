/** Evidence as a page to read and to print: no script, nothing from elsewhere, everything escaped. */
import type { ControlEvidence, Counted, Evidence, Gap, ProvedSample } from './evidence.ts';
import { html, type Markup, page, table } from './markup.ts';

export function evidenceHtml(evidence: Evidence): string {
  const { frameworkName, gateway, database, since, until, controls } = evidence;
  const gaps = controls.reduce((sum, control) => sum + control.gaps.length, 0);
  return page(`Evidence for ${frameworkName}: ${gateway}`, [
    html`<h1>Evidence for ${frameworkName}</h1>
<p>Gateway <b>${gateway}</b>, ${database === null ? 'all databases' : html`database <b>${database}</b>`}, from ${since} until ${until} (not included).
Made ${evidence.madeAt}.</p>
<p>This report says what the record of the gateway shows. Whether a control is met is for whoever assesses it to say.
It holds no SQL text and no values. ${gaps === 0 ? 'No gap was found by what was looked for.' : `${gaps} gaps were found; they stand with their controls.`}</p>`,
    treeSection(evidence),
    html`<h3>Controls</h3>`,
    table(
      [
        { title: 'Control', cell: ({ id, title }) => html`<a href="#${anchor(id)}">${id}</a> ${title}` },
        { title: 'Records', number: true, cell: ({ shows }) => shows.reduce((sum, { count }) => sum + count, 0) },
        { title: 'Gaps', number: true, cell: (control) => control.gaps.length },
      ],
      controls,
    ),
    html`<p class="quiet">Records: the sum of what was counted for a control; one record may count in several rows.</p>`,
    ...controls.map(controlSection),
  ]);
}

function treeSection({ tree }: Evidence): Markup {
  const { state, origin, vkey, size, checkpointSize, checkpointAt, witnessedSize, cosignedSize, witnesses } = tree;
  return html`<h3>The tree over the record</h3>
<p>${size} records in the tree of <code>${origin ?? 'unknown'}</code> (state: ${state}); ${checkpointSize ?? 0} of them in the newest signed checkpoint
(${checkpointAt ?? 'none yet'}), ${witnessedSize ?? 0} in the newest that a witness has, ${cosignedSize ?? 0} in the newest that one cosigned;
${witnesses} witnesses configured.
Key: <code>${vkey ?? 'unknown'}</code>. The files in <code>proofs/</code> are checked offline, with a key that was not got from this report:
<code>dbgate verify proofs/FILE --key KEY</code>. They hold no bodies, which verify calls “erased”.</p>`;
}

function controlSection({ id, title, question, shows, gaps, lookedFor }: ControlEvidence): Markup {
  return html`<h2 id="${anchor(id)}">${id}: ${title}</h2>
<p><b>${question}</b></p>
${shows.map(countedSection)}
${gaps.map(gapSection)}
<p class="none">${lookedFor.length === 0 ? '' : `Looked for and not found: ${lookedFor.map(({ words }) => words).join('; ')}.`}</p>`;
}

function countedSection({ words, count, query, samples, name }: Counted): Markup {
  return html`<h3>${count} ${words}</h3>
<p class="quiet">Query <code>${name}</code>: ${query.of} of the period where <code>${query.where}</code></p>
${samples.length === 0 ? '' : sampleTable(samples)}`;
}

function gapSection({ name, words, count, samples }: Gap): Markup {
  return html`<div class="gap"><h3>Gap: ${count} ${words}</h3>
<p class="quiet"><code>${name}</code></p>
${samples.length === 0 ? '' : sampleTable(samples)}</div>`;
}

function sampleTable(samples: readonly ProvedSample[]): Markup {
  return table(
    [
      { title: 'Sample', cell: ({ id }) => html`<code>${id}</code>` },
      { title: 'When', cell: ({ at }) => at },
      { title: 'Who', cell: ({ who }) => who ?? '' },
      { title: 'Database', cell: ({ database }) => database ?? '' },
      { title: 'What', cell: ({ what }) => what },
      {
        title: 'Proof',
        cell: ({ proofs }) =>
          proofs.map(({ file, state }) =>
            state === 'proved' ? html`<a href="proofs/${file}">${file}</a> ` : html`${state} `,
          ),
      },
    ],
    samples,
  );
}

function anchor(id: string): string {
  return id.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-');
}
