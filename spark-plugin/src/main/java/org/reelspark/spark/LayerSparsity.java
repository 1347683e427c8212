package org.reelspark.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.util.AccumulatorV2;
import org.reelspark.attention.AttentionStatistics;

/** Sparsity of self-attention by layer, from the first; shorter models have fewer. */
final class LayerSparsity extends AccumulatorV2<List<AttentionStatistics>, List<Double>> {
  private static final long serialVersionUID = 1L;

  private double[] allProducts = {};
  private double[] skippedProducts = {};

  @Override
  public synchronized boolean isZero() {
    return allProducts.length == 0;
  }

  @Override
  public synchronized LayerSparsity copy() {
    LayerSparsity copy = new LayerSparsity();
    copy.allProducts = allProducts.clone();
    copy.skippedProducts = skippedProducts.clone();
    return copy;
  }

  @Override
  public synchronized void reset() {
    allProducts = new double[0];
    skippedProducts = new double[0];
  }

  @Override
  public synchronized void add(List<AttentionStatistics> layers) {
    reserve(layers.size());
    for (int layer = 0; layer < layers.size(); layer++) {
      AttentionStatistics statistics = layers.get(layer);
      allProducts[layer] += statistics.admissible();
      skippedProducts[layer] += statistics.admissible() * statistics.sparsity();
    }
  }

  @Override
  public void merge(AccumulatorV2<List<AttentionStatistics>, List<Double>> other) {
    LayerSparsity more = ((LayerSparsity) other).copy();
    synchronized (this) {
      reserve(more.allProducts.length);
      for (int layer = 0; layer < more.allProducts.length; layer++) {
        allProducts[layer] += more.allProducts[layer];
        skippedProducts[layer] += more.skippedProducts[layer];
      }
    }
  }

  private void reserve(int layers) {
    if (layers > allProducts.length) {
      allProducts = Arrays.copyOf(allProducts, layers);
      skippedProducts = Arrays.copyOf(skippedProducts, layers);
    }
  }

  /** In [0, 1]. */
  @Override
  public synchronized List<Double> value() {
    List<Double> sparsities = new ArrayList<>();
    for (int layer = 0; layer < allProducts.length; layer++) {
      sparsities.add(allProducts[layer] == 0 ? 0 : skippedProducts[layer] / allProducts[layer]);
    }
    return sparsities;
  }
}
