export type { Clock, MetricSource, Side, SideCounts, TrafficSplitter } from "./seams.ts";
