// SPDX-License-Identifier: MIT
/*
 * P4: the look-up of a physical address in a buffer of N ranges: the driver's
 * own code, against a walk over the same ranges
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdlib.h>

#include "prng.h"
#include "range.h"
#include "report.h"
#include "settle.h"
#include "tap.h"
#include "timer.h"

#define PAGE		4096ull
#define FIRST		(1ull << 60)	/* physical address of the first range */
#define SIZES		9
#define MOST		(SIZES - 1)
#define FEW		4
#define BURSTS		20		/* a round */
#define QUESTIONS	1000		/* a burst, and the same in each */

/* 1, 4, ... 65,536 */
static u32 ranges_of_size(int size)
{
	return 1u << 2 * size;
}

static u64 one_page(u32 i)
{
	(void)i;
	return 1;
}

/* So that no offset is where it would be if all ranges were of one size */
static u64 ever_fewer_pages(u32 i)
{
	return (1u << 26) / (1 + i) + 1;
}

static const struct kind {
	u64 (*pages)(u32 i);
	const char *curve;
	struct figure figure;
	struct figure growth;
} kinds[] = {
	{
		.pages = one_page, .curve = "search, equal ranges",
		.figure = {
			.id = "P4", .what = "look-up among 65,536 ranges",
			.unit = "ns", .lease = "search",
			.against = "linear walk", .inverse = true,
			.least = 500, .most = NO_LIMIT,
		},
		/* log 65,536 is twice log 256; caches have their part, too. */
		.growth = {
			.id = "P4", .what = "look-up, 65,536 ranges against 256",
			.unit = "ns", .lease = "65,536", .against = "256",
			.least = NO_LIMIT, .most = 3,
		},
	}, {
		.pages = ever_fewer_pages, .curve = "search, the worst sizes",
		.figure = {
			.id = "P4",
			.what = "look-up among 65,536 of the worst sizes",
			.unit = "ns", .lease = "search",
			.against = "linear walk", .inverse = true,
			.least = NO_LIMIT, .most = NO_LIMIT,
		},
		.growth = {
			.id = "P4",
			.what = "look-up, 65,536 of the worst sizes against 256",
			.unit = "ns", .lease = "65,536", .against = "256",
			.least = NO_LIMIT, .most = 3,
		},
	},
};

struct question {
	u64 offset;
	u64 phys;
};

/* A buffer, what it is asked, and how long it took to answer */
struct subject {
	struct barlease_ranges *ranges;
	struct question *questions;
	struct pair pair;
};

static bool walk(const struct barlease_ranges *ranges, u64 offset,
		 struct barlease_extent *extent)
{
	for (u32 i = 0; i < ranges->nr; i++) {
		u64 end = i + 1 < ranges->nr ?
				  ranges->range[i + 1].range_start :
				  ranges->size;

		if (offset < end) {
			extent->range_start = ranges->range[i].range_start;
			extent->range_end = end;
			extent->phys_start = ranges->range[i].phys_start;
			return true;
		}
	}
	return false;
}

typedef bool (*look_up_fn)(const struct barlease_ranges *ranges, u64 offset,
			   struct barlease_extent *extent);

static void *allocate(size_t nr, size_t size)
{
	void *memory = calloc(nr, size);

	if (!memory)
		bail("no memory");
	return memory;
}

/* From the top down: no two neighbours are contiguous, or they would be merged */
static struct barlease_ranges *ranges_of(u32 n, u64 (*pages)(u32 i))
{
	struct barlease_ranges *ranges =
		allocate(1, sizeof(*ranges) + n * sizeof(ranges->range[0]));
	u64 phys = FIRST;

	ranges->room = n;
	for (u32 i = 0; i < n; i++) {
		u64 length = pages(i) * PAGE;

		phys -= length;
		barlease_ranges_append(ranges, phys, length);
	}
	barlease_ranges_finish(ranges);
	return ranges;
}

static void ask(struct question *question, const struct barlease_ranges *ranges,
		u32 index)
{
	question->offset = ranges->range[index].range_start;
	question->phys = ranges->range[index].phys_start;
}

/*
 * Every second question is about the range as far from the end as the one
 * before it is from the beginning: two walks always go as far together.
 */
static struct question *questions_about(const struct barlease_ranges *ranges)
{
	struct question *questions = allocate(QUESTIONS, sizeof(*questions));
	struct prng prng = prng_seeded(4);

	for (u32 i = 0; i < QUESTIONS; i += 2) {
		u32 index = prng_below(&prng, ranges->nr);

		ask(&questions[i], ranges, index);
		ask(&questions[i + 1], ranges, ranges->nr - 1 - index);
	}
	return questions;
}

/* Nanoseconds for one */
static double burst(look_up_fn fn, const struct subject *subject, u32 times)
{
	struct barlease_extent extent;
	double began = now_ns();
	u32 wrong = 0;

	for (u32 i = 0; i < times; i++) {
		const struct question *question = &subject->questions[i];

		if (!fn(subject->ranges, question->offset, &extent) ||
		    extent.phys_start != question->phys)
			wrong++;
	}
	began = now_ns() - began;
	if (wrong)
		bail("%u look-ups went wrong", wrong);
	return began / times;
}

/* Twice, and the second counts: the caches have what the other side left. */
static double warm_burst(look_up_fn fn, const struct subject *subject,
			 u32 times)
{
	burst(fn, subject, times);
	return burst(fn, subject, times);
}

/*
 * The two take turns, in bursts that are shorter than what the host's scheduler
 * gives to anybody, and the quickest of each counts.
 */
static void one_round(struct subject *subject)
{
	u32 walks = ranges_of_size(MOST) / subject->ranges->nr;
	double search = INFINITY, linear = INFINITY;

	if (walks < 2)
		walks = 2;
	if (walks > QUESTIONS)
		walks = QUESTIONS;
	settle_for(subject->ranges->range,
		   subject->ranges->nr * sizeof(subject->ranges->range[0]));
	for (u32 i = 0; i < BURSTS; i++) {
		search = fmin(search, warm_burst(barlease_ranges_find, subject,
						 QUESTIONS));
		linear = fmin(linear, warm_burst(walk, subject, walks));
	}
	pair_add(&subject->pair, search, linear);
}

static double last_search(const struct subject *subject)
{
	return subject->pair.lease.values[subject->pair.lease.nr - 1];
}

static void report(const struct kind *kind, struct subject *subjects,
		   bool with_walk)
{
	report_figure(&kind->figure, &subjects[MOST].pair);
	for (int i = 0; i < SIZES; i++) {
		report_point("P4", kind->curve, ranges_of_size(i),
			     &subjects[i].pair.lease);
		if (with_walk)
			report_point("P4", "linear walk", ranges_of_size(i),
				     &subjects[i].pair.against);
	}
}

static void measure(const struct kind *kind)
{
	struct subject subjects[SIZES] = { 0 };
	struct pair growth = { 0 };

	for (int i = 0; i < SIZES; i++) {
		subjects[i].ranges = ranges_of(ranges_of_size(i), kind->pages);
		subjects[i].questions = questions_about(subjects[i].ranges);
	}
	for (int round = 0; round < bench_rounds(); round++) {
		for (int i = 0; i < SIZES; i++)
			one_round(&subjects[i]);
		pair_add(&growth, last_search(&subjects[MOST]),
			 last_search(&subjects[FEW]));
	}
	report(kind, subjects, kind == kinds);
	report_figure(&kind->growth, &growth);
	pair_free(&growth);
	for (int i = 0; i < SIZES; i++) {
		pair_free(&subjects[i].pair);
		free(subjects[i].ranges);
		free(subjects[i].questions);
	}
}

int main(void)
{
	bench_begin("P4", "look-up among N ranges");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		measure(&kinds[i]);
	return 0;
}
