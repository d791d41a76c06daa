// SPDX-License-Identifier: Apache-2.0
//
// What an eBPF datapath does with a packet for a pod of this node: hands it to the pod's end of the veth, past the
// host's end. Everything else goes the ordinary way. The addresses of the pods are compiled in (pods.h).
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

static int PodAt4(__u32 address) {
#define POD4(a, index) \
  if (address == a) return index;
#define POD6(a, b, c, d, index)
#include "pods.h"
#undef POD4
#undef POD6
  return 0;
}

static int PodAt6(const __u32* address) {
#define POD4(a, index)
#define POD6(a, b, c, d, index) \
  if (address[0] == a && address[1] == b && address[2] == c && address[3] == d) return index;
#include "pods.h"
#undef POD4
#undef POD6
  return 0;
}

SEC("tc")
int Redirect(struct __sk_buff* packet) {
  void* const begin = (void*)(long)packet->data;
  void* const end = (void*)(long)packet->data_end;
  int pod = 0;
  if (packet->protocol == bpf_htons(ETH_P_IP)) {
    const struct iphdr* ip = begin + sizeof(struct ethhdr);
    if ((void*)(ip + 1) <= end) pod = PodAt4(ip->daddr);
  } else if (packet->protocol == bpf_htons(ETH_P_IPV6)) {
    const struct ipv6hdr* ip = begin + sizeof(struct ethhdr);
    if ((void*)(ip + 1) <= end) pod = PodAt6(ip->daddr.in6_u.u6_addr32);
  }
  return pod == 0 ? TC_ACT_OK : bpf_redirect_peer(pod, 0);
}

char kLicense[] SEC("license") = "GPL";
