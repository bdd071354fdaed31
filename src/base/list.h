/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intrusive circular doubly linked list: the head is a struct list, and every item embeds one as its link.
 * A link that is in no list points to itself, so removing it twice is harmless.
 */
#ifndef TB_BASE_LIST_H
#define TB_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct list {
    struct list *next;
    struct list *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *head, struct list *item)
{
    item->previous = head->previous;
    item->next = head;
    head->previous->next = item;
    head->previous = item;
}

static inline void list_prepend(struct list *head, struct list *item)
{
    list_append(head->next, item);
}

static inline void list_remove(struct list *item)
{
    item->previous->next = item->next;
    item->next->previous = item->previous;
    list_init(item);
}

/* Moves all items of FROM, in their order, to the end of TO. */
static inline void list_take_all(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

/* How many items it has: looks at all of them. */
static inline size_t list_count(const struct list *list)
{
    const struct list *item;
    size_t count = 0;

    for (item = list->next; item != list; item = item->next)
        count++;
    return count;
}

/* Visits the items of HEAD from first to last. ITEM is a pointer to the structure that embeds the link
 * MEMBER. The body must not remove ITEM; it may remove others, and append some, which are visited too. */
#define list_for_each(item, head, member)                                                                    \
    for (struct list *item##_link_ = (head)->next;                                                           \
         item##_link_ != (head) && (item = CONTAINER_OF(item##_link_, __typeof__(*item), member), true);     \
         item##_link_ = item##_link_->next)

/* The same for a body that may remove and free ITEM, but changes nothing else in the list. */
#define list_for_each_safe(item, head, member)                                                               \
    for (struct list *item##_link_ = (head)->next, *item##_next_ = item##_link_->next;                       \
         item##_link_ != (head) && (item = CONTAINER_OF(item##_link_, __typeof__(*item), member), true);     \
         item##_link_ = item##_next_, item##_next_ = item##_link_->next)

#endif
