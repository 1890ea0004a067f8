/**
 * What is wrong or outdated in the files of CI systems that somebody wrote by hand: a table of rules, each with its reason and the
 * right form. It changes no file, and asks nobody outside.
 */

export { examine } from './examine.ts';
export { formatFindings } from './finding.ts';
