// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * A disk that takes its time, and has no data. Requests of more than a page it does in two parts.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

static unsigned int delay = 50;
module_param(delay, uint, 0644);
MODULE_PARM_DESC(delay, "Milliseconds for a request, or for each part of one");

static int major;
static struct gendisk *disk;

static void done(struct work_struct *work)
{
	struct delayed_work *later = to_delayed_work(work);
	struct request *rq = blk_mq_rq_from_pdu(later);

	if (blk_rq_bytes(rq) > PAGE_SIZE) {
		blk_update_request(rq, BLK_STS_OK, blk_rq_bytes(rq) - PAGE_SIZE);
		schedule_delayed_work(later, msecs_to_jiffies(delay));
	} else {
		blk_mq_end_request(rq, BLK_STS_OK);
	}
}

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *data)
{
	struct delayed_work *later = blk_mq_rq_to_pdu(data->rq);

	INIT_DELAYED_WORK(later, done);
	blk_mq_start_request(data->rq);
	schedule_delayed_work(later, msecs_to_jiffies(delay));
	return BLK_STS_OK;
}

static const struct blk_mq_ops ops = {
	.queue_rq = queue_rq,
};

static struct blk_mq_tag_set tags = {
	.ops = &ops,
	.nr_hw_queues = 1,
	.queue_depth = 32,
	.numa_node = NUMA_NO_NODE,
	.cmd_size = sizeof(struct delayed_work),
};

static const struct block_device_operations disk_ops = {
	.owner = THIS_MODULE,
};

static int __init biolatency_target_init(void)
{
	int error;

	major = register_blkdev(0, "rprobes");
	if (major < 0)
		return major;
	error = blk_mq_alloc_tag_set(&tags);
	if (error)
		goto no_tags;
#ifdef RPROBES_DISK_HAS_LIMITS
	disk = blk_mq_alloc_disk(&tags, NULL, NULL);
#else
	disk = blk_mq_alloc_disk(&tags, NULL);
#endif
	if (IS_ERR(disk)) {
		error = PTR_ERR(disk);
		goto no_disk;
	}
	disk->major = major;
	disk->minors = 1;
	disk->flags |= GENHD_FL_NO_PART;
	disk->fops = &disk_ops;
	strscpy(disk->disk_name, "rprobes0", DISK_NAME_LEN);
	set_capacity(disk, 2048);
	error = add_disk(disk);
	if (!error)
		return 0;
	put_disk(disk);
no_disk:
	blk_mq_free_tag_set(&tags);
no_tags:
	unregister_blkdev(major, "rprobes");
	return error;
}
module_init(biolatency_target_init);

static void __exit biolatency_target_exit(void)
{
	del_gendisk(disk);
	put_disk(disk);
	blk_mq_free_tag_set(&tags);
	unregister_blkdev(major, "rprobes");
}
module_exit(biolatency_target_exit);

MODULE_AUTHOR("The rprobes authors");
MODULE_DESCRIPTION("A disk that takes its time");
MODULE_LICENSE("GPL");
