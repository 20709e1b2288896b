// A benchmark's page: its charts, the drawer, what can be saved.
import { defineChart } from "./chart-element.ts";
import { listenToExports } from "./page-exports.ts";
import { listenToProvenance } from "./provenance-buttons.ts";

defineChart();
listenToExports();
listenToProvenance();
