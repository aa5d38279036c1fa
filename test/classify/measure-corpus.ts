/**
 * Labelled columns of well-known applications: `table, column, type, class`, `-` where clear, `?` where readers would
 * differ: such a column stands beside the others, and is not measured itself. Facts of their public schemas; the
 * classes were written by hand before the classifier saw them. Measures names and types alone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Classification,
  COLUMN_CLASSES,
  type ColumnClass,
  type ColumnSubject,
} from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';

/**
 * Applications in the order in which they were labelled. Each round was measured once before the rules saw it; what it
 * showed was then worked into the rules, so that only this first measure says how well they do on what is new.
 */
export const ROUNDS: readonly { readonly apps: readonly string[]; readonly first: string }[] = [
  {
    apps: ['chatwoot', 'diaspora', 'documenso', 'mastodon', 'redmine', 'saleor', 'snipeit', 'umami', 'vaultwarden'],
    first: '0.854 / 0.841',
  },
  {
    apps: ['freescout', 'huginn', 'invoiceninja', 'listmonk', 'solidus', 'supabase-auth', 'zammad'],
    first: '0.919 / 0.904',
  },
  { apps: ['lemmy', 'monica', 'openmrs', 'orangehrm'], first: '0.914 / 0.734' },
  { apps: ['casa', 'docuseal', 'human-essentials', 'maybe'], first: '0.918 / 0.923' },
  { apps: ['fizzy', 'osem', 'rubygems', 'upcase'], first: '0.858 / 0.919' },
  { apps: ['publify', 'whitehall'], first: '0.769 / 0.851' },
  {
    apps: ['danbooru', 'dokploy', 'frappe-hr', 'hcb', 'lago', 'linkwarden', 'logto', 'openfoodnetwork', 'postal'],
    first: '0.899 / 0.889',
  },
  { apps: ['gumroad', 'keygen'], first: '0.877 / 0.803' },
  { apps: ['formbricks', 'lobsters', 'papermark'], first: '0.828 / 0.943' },
  { apps: ['hoppscotch', 'kratos', 'miniflux'], first: '0.841 / 0.869' },
  { apps: ['kanboard', 'killbill', 'osm', 'typebot'], first: '0.927 / 0.944' },
  { apps: ['dub', 'growstuff', 'hitobito', 'otwarchive'], first: '0.934 / 0.850' },
  { apps: ['fatfreecrm', 'ifme', 'trigger'], first: '0.925 / 0.852' },
  { apps: ['bookstack', 'crater', 'plane', 'pretalx', 'taiga'], first: '0.937 / 0.867' },
  { apps: ['devto', 'gisia', 'sharetribe'], first: '0.947 / 0.937' },
  { apps: ['koel', 'langfuse', 'paperless', 'pixelfed'], first: '0.953 / 0.931' },
  { apps: ['e107', 'fineract', 'firefly', 'woodpecker'], first: '0.937 / 0.902' },
  { apps: ['epetitions', 'fixmystreet', 'rallly', 'vaccinations'], first: '0.912 / 0.887' },
  {
    apps: ['care', 'flexile', 'ghostfolio', 'identity-idp', 'ledgersmb', 'opensips', 'osticket', 'pupilfirst'],
    first: '0.906 / 0.718',
  },
  {
    apps: ['bikeindex', 'dmproadmap', 'mimic', 'opencats', 'roundcube', 'thingsboard', 'traccar', 'wso2-is'],
    first: '0.889 / 0.801',
  },
  {
    apps: ['akaunting', 'bagisto', 'houdini', 'openhospital', 'qpixel', 'synapse'],
    first: '0.963 / 0.821',
  },
  {
    apps: ['autolab', 'demarches', 'facturascripts', 'galette', 'kivitendo', 'omop', 'ospos', 'rosariosis'],
    first: '0.923 / 0.791',
  },
  { apps: ['coursemology', 'evergreen', 'mall', 'rdv', 'ruoyi', 'simple'], first: '0.923 / 0.741' },
  { apps: ['flarum', 'opencart', 'qloapps'], first: '0.975 / 0.898' },
  { apps: ['discourse', 'gitlab', 'odoo'], first: '0.951 / 0.924' },
  { apps: ['directus', 'espocrm', 'ghost', 'harbor', 'n8n', 'outline', 'wikijs'], first: '0.909 / 0.883' },
  { apps: ['gibbon', 'healthchecks', 'kimai', 'mautic', 'spree', 'suitecrm'], first: '0.914 / 0.812' },
  { apps: ['keycloak', 'mattermost', 'medusa', 'vendure'], first: '0.961 / 0.900' },
  { apps: ['alaveteli', 'calcom', 'dradis', 'wger'], first: '0.963 / 0.782' },
  { apps: ['canvas', 'decidim', 'moodle', 'openemr'], first: '0.874 / 0.770' },
  { apps: ['caseflow', 'consul', 'exercism', 'loomio', 'vita-min'], first: '0.847 / 0.879' },
  { apps: ['gitea', 'magento', 'metabase', 'sormas', 'wordpress', 'zulip'], first: '0.937 / 0.844' },
  { apps: ['horilla', 'i-educar'], first: '0.742 / 0.794' },
  { apps: ['sentry'], first: '1.000 / 0.767' },
  { apps: ['bitwarden', 'chaskiq', 'dawarich', 'greenlight', 'helpy'], first: '0.968 / 0.874' },
  { apps: ['alfio', 'casdoor', 'koha'], first: '0.887 / 0.887' },
  { apps: ['authelia', 'indico', 'phpbb', 'vikunja'], first: '0.963 / 0.886' },
  { apps: ['hypothesis', 'loris', 'mealie', 'open-data-certificate'], first: '0.849 / 0.662' },
  { apps: ['fider', 'netbox'], first: '0.784 / 0.853' },
  { apps: ['admidio', 'barong', 'chirpstack', 'jorani', 'rt'], first: '0.939 / 0.794' },
  { apps: ['fossbilling', 'liberapay', 'opensis'], first: '0.910 / 0.893' },
  { apps: ['farmbot', 'icehrm', 'zencart'], first: '0.943 / 0.943' },
  { apps: ['courtlistener', 'fabmanager', 'markus', 'papercups'], first: '0.848 / 0.888' },
  { apps: ['cccd', 'libretime', 'mybb', 'planningalerts', 'timeoverflow'], first: '0.938 / 0.871' },
  { apps: ['panoptes', 'wikiedu'], first: '1.000 / 0.889' },
  { apps: ['civitai', 'friendica', 'itflow', 'postiz'], first: '0.932 / 0.781' },
  { apps: ['guacamole', 'inaturalist', 'litemall', 'wca'], first: '0.899 / 0.873' },
  { apps: ['foodsoft', 'inboxzero', 'invoiceplane', 'osclass'], first: '0.960 / 0.820' },
  { apps: ['feedbin', 'phpipam', 'plunk', 'pterodactyl'], first: '0.964 / 0.862' },
  { apps: ['odin', 'redash', 'simplelogin', 'teable'], first: '0.966 / 0.866' },
  { apps: ['bookwyrm', 'coolify', 'leantime', 'mediawiki'], first: '0.885 / 0.842' },
  { apps: ['grafana', 'immich', 'nextcloud', 'prestashop'], first: '0.959 / 0.778' },
  { apps: ['civicrm', 'dolibarr', 'limesurvey', 'misskey'], first: '0.952 / 0.795' },
  { apps: ['dify', 'drupal', 'openproject', 'passbolt', 'peertube', 'zabbix'], first: '0.943 / 0.810' },
  { apps: ['erpnext', 'glpi', 'joomla', 'matomo'], first: '0.921 / 0.843' },
  { apps: ['cacti', 'dhis2', 'mantis', 'misp'], first: '0.822 / 0.832' },
  { apps: ['adventureworks', 'chinook', 'frontaccounting', 'northwind', 'pagila'], first: '0.936 / 0.930' },
  { apps: ['ente', 'grocy', 'phabricator', 'phplist'], first: '0.766 / 0.867' },
  { apps: ['ekylibre', 'musicbrainz', 'ojs'], first: '0.684 / 0.910' },
  { apps: ['bugzilla', 'hievents', 'vtiger'], first: '0.929 / 0.821' },
  { apps: ['attendize'], first: '0.974 / 0.950' },
  { apps: ['defectdojo', 'ejabberd', 'openfire', 'oscar', 'smf'], first: '0.962 / 0.776' },
  { apps: ['homeland', 'peatio', 'piwigo', 'travis'], first: '0.946 / 0.905' },
  { apps: ['babybuddy', 'hydra', 'rapidpro', 'sylius'], first: '0.879 / 0.825' },
  { apps: ['awx', 'concourse', 'flagsmith', 'kitsune', 'tandoor', 'writefreely'], first: '0.850 / 0.914' },
  { apps: ['answer', 'gotosocial', 'omeka', 'phpmyfaq'], first: '0.980 / 0.858' },
];

export interface Judged {
  readonly app: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly label: ColumnClass | undefined;
  readonly found: ColumnClass | undefined;
  readonly classification: Classification;
  /** The words of a rule that told it. */
  readonly phrase: string | undefined;
}

/** Evidence from a name says `column: phrase` or `column: phrase in a table about topic`. */
const PHRASE = /^[^:]*: (.*?)(?: in a table about \w+)?$/u;

const FOLDER = join(import.meta.dirname, 'corpora');

export function apps(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.tsv'))
    .map((file) => file.replace(/\.tsv$/u, ''))
    .sort();
}

const JUDGED = new Map<string, readonly Judged[]>();

/** Each application once: its columns are judged by every figure that is made of them. */
export function judge(app: string): readonly Judged[] {
  const known = JUDGED.get(app) ?? judgeAll(app);
  JUDGED.set(app, known);
  return known;
}

function judgeAll(app: string): Judged[] {
  const rows = readFileSync(join(FOLDER, `${app}.tsv`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t') as [string, string, string, string]);
  const tables = Map.groupBy(rows, ([table]) => table);
  return [...tables.values()].flatMap((columns) => {
    const subjects = columns.map(
      ([table, column, type]): ColumnSubject => ({
        schema: 'public',
        table,
        column,
        type,
        siblings: columns.map(([, name]) => name).filter((name) => name !== column),
        ...(type === 'enum' ? { labels: [] } : {}),
      }),
    );
    return classifyTable(subjects).flatMap((found, at) => {
      const [table, column, type, label] = columns[at]!;
      if (label === '?') return [];
      return {
        app,
        table,
        column,
        type,
        label: label === '-' ? undefined : (label as ColumnClass),
        found: found.class,
        classification: found,
        phrase: found.class === undefined ? undefined : PHRASE.exec(found.evidence[0]?.says ?? '')?.[1],
      };
    });
  });
}

export interface Score {
  /** Sensitive columns by label. */
  readonly labelled: number;
  readonly columns: number;
  readonly precision: number;
  readonly recall: number;
  /** Of those found sensitive that are: with the very class of the label. */
  readonly exact: number;
}

export function score(judged: readonly Judged[]): Score {
  const labelled = judged.filter((one) => one.label !== undefined);
  const found = judged.filter((one) => one.found !== undefined);
  const both = labelled.filter((one) => one.found !== undefined);
  return {
    labelled: labelled.length,
    columns: judged.length,
    precision: both.length / found.length,
    recall: both.length / labelled.length,
    exact: both.filter((one) => one.found === one.label).length / both.length,
  };
}

const figure = (value: number) => (Number.isNaN(value) ? '' : value.toFixed(3));

/** Tables for docs/classification.md. */
export function report(): string {
  const all = apps().flatMap(judge);
  const row = (name: string, judged: readonly Judged[]) => {
    const { columns, labelled, precision, recall, exact } = score(judged);
    return `| ${name} | ${columns} | ${labelled} | ${figure(precision)} | ${figure(recall)} | ${figure(exact)} |`;
  };
  const byClass = COLUMN_CLASSES.map((one) => {
    const labelled = all.filter(({ label }) => label === one);
    const found = all.filter((column) => column.found === one);
    const right = found.filter(({ label }) => label !== undefined).length / found.length;
    const seen = labelled.filter((column) => column.found !== undefined).length / labelled.length;
    return `| ${one} | ${labelled.length} | ${found.length} | ${figure(right)} | ${figure(seen)} |`;
  });
  return [
    '| application | columns | sensitive | precision | recall | same class |',
    '| --- | --: | --: | --: | --: | --: |',
    ...apps().map((app) =>
      row(
        app,
        all.filter((one) => one.app === app),
      ),
    ),
    row('**all**', all),
    '',
    '| class | labelled | found | of those sensitive | of the labelled found |',
    '| --- | --: | --: | --: | --: |',
    ...byClass,
    '',
    '| round | applications | precision / recall at first sight |',
    '| --: | --- | --- |',
    ...ROUNDS.map(({ apps: names, first }, at) => `| ${at + 1} | ${names.join(', ')} | ${first} |`),
  ].join('\n');
}
