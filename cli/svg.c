// SPDX-License-Identifier: MIT
/*
 * A picture of which bytes of a device's BARs are taken, to scale
 *
 * Copyright (C) 2026 The barlease authors
 *
 * In units of SVG, which are pixels where nobody enlarges it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"
#include "svg.h"
#include "text.h"

#define MARGIN		16
#define LABEL_WIDTH	200
#define BAR_WIDTH	768
#define LINE		22
#define WIDTH		(2 * MARGIN + LABEL_WIDTH + BAR_WIDTH)

/* Some of it can be seen of each, however large the BAR is. */
#define LEAST_WIDTH	1.5

/* @body: what is in it, as far as it has been drawn; down to @height */
struct svg {
	char *title;
	char *text;
	size_t size;
	FILE *body;
	unsigned int height;
};

/* As text between tags: of what others have chosen, only characters that XML has */
static void put(FILE *to, const char *text)
{
	char *shown = text_for_terminal(text);

	for (const char *at = shown ?: ""; *at; at++) {
		if (*at == '<')
			fputs("&lt;", to);
		else if (*at == '>')
			fputs("&gt;", to);
		else if (*at == '&')
			fputs("&amp;", to);
		else
			fputc(*at, to);
	}
	free(shown);
}

static void text_at(struct svg *svg, double x, const char *anchor,
		    const char *text)
{
	fprintf(svg->body, "<text x=\"%.1f\" y=\"%u\" text-anchor=\"%s\">", x,
		svg->height + LINE - 7, anchor);
	put(svg->body, text);
	fputs("</text>\n", svg->body);
}

struct svg *svg_new(const char *title)
{
	struct svg *svg = calloc(1, sizeof(*svg));

	if (!svg)
		return NULL;
	svg->title = strdup(title);
	svg->body = open_memstream(&svg->text, &svg->size);
	if (!svg->title || !svg->body) {
		svg_free(svg);
		return NULL;
	}
	svg->height = MARGIN;
	text_at(svg, MARGIN, "start", title);
	svg->height += LINE;
	return svg;
}

void svg_free(struct svg *svg)
{
	if (svg->body)
		fclose(svg->body);
	free(svg->text);
	free(svg->title);
	free(svg);
}

/* Quarters of a BAR, named above the lines */
static void add_ruler(struct svg *svg, uint64_t size, size_t nr)
{
	for (unsigned int i = 0; i <= 4; i++) {
		double x = MARGIN + LABEL_WIDTH + BAR_WIDTH * i / 4.0;

		text_at(svg, x, i == 4 ? "end" : i ? "middle" : "start",
			i ? size_text(size / 4 * i).text : "0");
		fprintf(svg->body,
			"<path class=\"rule\" d=\"M%.1f %uV%zu\"/>\n", x,
			svg->height + LINE, svg->height + LINE * (nr + 1));
	}
	svg->height += LINE;
}

static void add_line(struct svg *svg, uint64_t size,
		     const struct occupant *occupant)
{
	text_at(svg, MARGIN, "start", occupant->label);
	for (size_t i = 0; i < occupant->nr_extents; i++) {
		const struct extent *extent = &occupant->extents[i];
		double scale = (double)BAR_WIDTH / size;
		double width = extent->length * scale;

		fprintf(svg->body,
			"<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%u\"/>\n",
			MARGIN + LABEL_WIDTH + extent->offset * scale,
			svg->height + 3, width < LEAST_WIDTH ? LEAST_WIDTH :
			width, LINE - 6);
	}
	svg->height += LINE;
}

void svg_add_bar(struct svg *svg, const char *heading, uint64_t size,
		 const struct occupant *occupants, size_t nr)
{
	svg->height += LINE / 2;
	text_at(svg, MARGIN, "start", heading);
	svg->height += LINE;
	if (!nr)
		return;
	add_ruler(svg, size, nr);
	for (size_t i = 0; i < nr; i++)
		add_line(svg, size, &occupants[i]);
}

int svg_write(struct svg *svg, FILE *to)
{
	bool whole = text_close(svg->body, &svg->text);

	svg->body = NULL;
	if (!whole)
		return -ENOMEM;
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n<title>",
		WIDTH, svg->height + MARGIN, WIDTH, svg->height + MARGIN);
	put(to, svg->title);
	fprintf(to, "</title>\n"
		"<style>text { font: 13px monospace; fill: #222 }\n"
		"rect { fill: #2a6f97 } .rule { stroke: #ccc; fill: none }</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" style=\"fill: #fff\"/>\n%s</svg>\n",
		svg->text);
	return 0;
}
