/**
 * Stand-ins for the classes of RAPIDS' column library that the plugin calls, with the public
 * signatures that it uses and bodies over host memory. What is not public is for tests.
 */
package ai.rapids.cudf;
