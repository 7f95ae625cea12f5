"""The kubelet of the sandbox's one node: Pods as local processes.

This is no isolation: a container is a process of whoever runs the sandbox, with an environment, a
home and volumes of its own. Nothing is imported here: the reaper of `programs` starts in a moment.
"""
