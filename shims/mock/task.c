/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours that live in the same virtual time: a PF's service, a peer, a script. */
#include "internal.h"

#include <limits.h>
#include <stdlib.h>

static void task_unlink(struct sriov_mock *mock, struct mock_task *task)
{
    struct mock_task **link = &mock->tasks;

    while (*link != task) {
        link = &(*link)->next;
    }
    *link = task->next;
    free(task);
}

static void task_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_task *task = event->owner;
    uint64_t next = mock_add_sat(event->at_ns, task->period_ns);

    task->running = true;
    task->cb(task->arg);
    task->running = false;
    if (task->stopped) {
        task_unlink(mock, task);
        return;
    }
    /* A callback that took longer than its period does not catch up, else time could not end. */
    if (next <= mock->clock.now_ns) {
        next = mock_add_sat(mock->clock.now_ns, task->period_ns);
    }
    if (mock_clock_at(mock, next, task_run, task) == NULL) {
        task_unlink(mock, task);
    }
}

SRIOV_API int sriov_mock_task(struct sriov_mock *mock, uint64_t period_ns, void (*cb)(void *arg), void *arg)
{
    struct mock_task *task;

    if (period_ns == 0 || cb == NULL) {
        return -EINVAL;
    }
    if (mock->last_task == INT_MAX) {
        return -ENOSPC;
    }
    task = calloc(1, sizeof(*task));
    if (task == NULL) {
        return -ENOMEM;
    }
    task->id = mock->last_task + 1;
    task->period_ns = period_ns;
    task->cb = cb;
    task->arg = arg;
    if (mock_clock_at(mock, mock_add_sat(mock->clock.now_ns, period_ns), task_run, task) == NULL) {
        free(task);
        return -ENOMEM;
    }
    mock->last_task = task->id;
    task->next = mock->tasks;
    mock->tasks = task;
    return task->id;
}

SRIOV_API int sriov_mock_task_stop(struct sriov_mock *mock, int id)
{
    struct mock_task *task = mock->tasks;

    while (task != NULL && task->id != id) {
        task = task->next;
    }
    if (task == NULL || task->stopped) {
        return -ENOENT;
    }
    task->stopped = true;
    if (!task->running) {
        mock_clock_cancel(mock, task);
        task_unlink(mock, task);
    }
    return 0;
}
