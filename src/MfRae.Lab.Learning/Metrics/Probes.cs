using MfRae.Lab.Core.Metrics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Probes of the class information in a frozen representation. Both centre features by the mean of the training set.</summary>
public static class Probes
{
    private const int QueryBatch = 500;

    /// <summary>
    /// Share of test rows whose class is the majority among the <paramref name="neighbours"/> training rows of highest
    /// cosine similarity, or among all if there are fewer; features float32 [N, D], labels int64 [N].
    /// </summary>
    public static double NearestNeighbours(
        Tensor train, Tensor trainLabels, Tensor test, Tensor testLabels, int neighbours = MeasurementSetting.ProbeNeighbours)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var mean = train.mean([0], keepdim: true);
        var gallery = F.normalize(train - mean, dim: 1).t().contiguous();
        var queries = F.normalize(test - mean, dim: 1);
        var classes = trainLabels.max().item<long>() + 1;
        var nearestCount = (int)Math.Min(neighbours, train.shape[0]);
        long right = 0;
        for (long start = 0; start < test.shape[0]; start += QueryBatch)
        {
            using var batch = NewDisposeScope();
            var end = Math.Min(test.shape[0], start + QueryBatch);
            var (_, nearest) = queries.slice(0, start, end, 1).matmul(gallery).topk(nearestCount, 1);
            var votes = F.one_hot(trainLabels.index_select(0, nearest.flatten()), classes).view(end - start, nearestCount, classes).sum(1);
            right += (votes.argmax(1) == testLabels.slice(0, start, end, 1)).sum().item<long>();
        }
        return (double)right / test.shape[0];
    }

    /// <summary>
    /// Test accuracy of a softmax regression on standardised features, fitted to all training rows by
    /// <paramref name="steps"/> full-batch Adam steps with a cosine schedule.
    /// </summary>
    public static double Linear(Tensor train, Tensor trainLabels, Tensor test, Tensor testLabels, int steps = MeasurementSetting.ProbeSteps)
    {
        using var scope = NewDisposeScope();
        var mean = train.mean([0], keepdim: true);
        var deviation = train.std([0], unbiased: false, keepdim: true).add_(1e-6);
        var inputs = (train - mean) / deviation;
        var classes = trainLabels.max().item<long>() + 1;
        var weight = new TorchSharp.Modules.Parameter(zeros(classes, train.shape[1]));
        var bias = new TorchSharp.Modules.Parameter(zeros(classes));
        using var adam = optim.Adam([weight, bias], lr: 0.01);
        for (var step = 0; step < steps; step++)
        {
            using var each = NewDisposeScope();
            foreach (var group in adam.ParamGroups)
                group.LearningRate = 0.005 * (1 + Math.Cos(Math.PI * step / steps));
            adam.zero_grad();
            F.cross_entropy(F.linear(inputs, weight, bias), trainLabels).backward();
            adam.step();
        }
        using var quiet = no_grad();
        var predicted = F.linear((test - mean) / deviation, weight, bias).argmax(1);
        return (predicted == testLabels).to(float64).mean().item<double>();
    }
}
