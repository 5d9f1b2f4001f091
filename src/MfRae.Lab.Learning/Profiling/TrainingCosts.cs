using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>The training steps of an arm's stages. A backward pass counts as two forward passes.</summary>
/// <param name="precision">Replaces the precision of all trainings; null: that of the options.</param>
internal sealed class TrainingCosts(LabOptions options, ArmNetworks networks, string? precision = null)
{
    private const int ForwardAndBackward = 3;

    public IEnumerable<TrainingProfile> All()
    {
        if (options.Encoder is SelfSupervisedEncoderOptions own && networks.Encoder is { } encoder)
            yield return SelfSupervised(own, NetworkCost.Of(encoder.Declare()));
        if (options.Encoder is VariationalEncoderOptions variational && networks is { Encoder: { } half, Decoder: AutoencoderKlDecoder other })
            yield return Variational(variational, NetworkCost.Of(half.Declare()), NetworkCost.Of(other.Declare()));
        if (options.Decoder is RaeDecoderOptions rae && networks is { Encoder: { } frozen, Decoder: { } decoder })
            yield return Decoder(rae, NetworkCost.Of(decoder.Declare()), NetworkCost.Of(frozen.Declare()));
        if (options.Teacher is FlowMatchingOptions flow && networks.Teacher is { } teacher)
            yield return Teacher(Of(flow), teacher);
        if (networks.Generator is not { } network)
            yield break;
        var guide = networks.Teacher is { } given ? NetworkCost.Of(given.Declare()) : null;
        if (options.Cmt is TrajectoryCmtOptions cmt && guide is not null
            && options.MeanFlow is NoMeanFlowOptions or IMeanFlowTraining { Initialisation: "cmt" })
        {
            yield return Cmt(cmt, Of(cmt), network, guide);
        }

        if (options.MeanFlow is IMeanFlowTraining meanFlow)
            yield return MeanFlow(meanFlow, Of(meanFlow), network, guide);
    }

    // Two views of each image; the small heads of the pre-training are left out.
    private TrainingProfile SelfSupervised(SelfSupervisedEncoderOptions own, NetworkCost encoder)
    {
        var views = 2 * own.Training.BatchSize;
        return new("encoder", Of(own), own.Training.BatchSize, [Trained($"views: {views}", views, encoder)], encoder.Parameters, 0,
            ActivationMemory.Estimated(2 * encoder.Kept))
        { Divides = false };
    }

    private TrainingProfile Variational(VariationalEncoderOptions own, NetworkCost encoder, NetworkCost decoder)
    {
        var batch = own.Training.BatchSize;
        return new("encoder", Of(own), batch, [Trained($"encoder: {batch}", batch, encoder), Trained($"decoder: {batch}", batch, decoder)],
            encoder.Parameters + decoder.Parameters, 0, ActivationMemory.Estimated(encoder.Kept + decoder.Kept));
    }

    private TrainingProfile Decoder(RaeDecoderOptions rae, NetworkCost decoder, NetworkCost encoder)
    {
        var batch = rae.Training.BatchSize;
        var work = new List<WorkProfile> { Trained($"decoder: {batch}", batch, decoder), Evaluated($"encoder: {batch}", batch, encoder) };
        var kept = decoder.Kept;
        if (rae.PerceptualWeight > 0)
        {
            // The frozen encoder of the reconstruction takes gradients for its input, but none for its weights.
            work.Add(new($"encoder of reconstructions: {batch} × 2", 2 * batch * encoder.Forward));
            kept += encoder.Kept;
        }

        return new("decoder", Of(rae), batch, work, decoder.Parameters, encoder.Values, ActivationMemory.Estimated(kept));
    }

    private TrainingProfile Teacher(TrainingOptions training, GeneratorNetwork network)
    {
        var (batch, teacher) = (training.BatchSize, NetworkCost.Of(network.Declare()));
        return new("teacher", training, batch, [Trained($"teacher: {batch}", batch, teacher), .. Encoding(batch)],
            teacher.Parameters, EncoderValues, ActivationMemory.Of(network, IsNarrow(training), fuses: true))
        {
            Recomputation = batch * teacher.Forward,
        };
    }

    private static TrainingProfile Cmt(TrajectoryCmtOptions cmt, TrainingOptions training, GeneratorNetwork network, NetworkCost teacher)
    {
        var generator = NetworkCost.Of(network.Declare());
        var trajectories = Math.Max(1, cmt.Training.BatchSize / cmt.PairsPerTrajectory);
        var pairs = trajectories * cmt.PairsPerTrajectory;
        var (steps, guided) = (cmt.TrajectoryPoints - 1, cmt.Guidance is not null);
        return new("cmt", training, pairs,
            [
                Trained($"pairs: {pairs}", pairs, generator),
                Teaching($"teacher: {trajectories} trajectories of {steps} steps", trajectories * steps, guided, teacher),
            ],
            generator.Parameters, teacher.Values, ActivationMemory.Of(network, IsNarrow(training), fuses: true))
        {
            Recomputation = pairs * generator.Forward,
        };
    }

    private TrainingProfile MeanFlow(IMeanFlowTraining meanFlow, TrainingOptions training, GeneratorNetwork network, NetworkCost? teacher)
    {
        var (batch, generator) = (training.BatchSize, NetworkCost.Of(network.Declare()));
        var target = TargetCost.Of(meanFlow, training);
        var work = new List<WorkProfile> { Trained($"generator: {batch}", batch, generator) };
        var evaluations = 1.0;
        if (target.Derivative is { } derivative)
        {
            var rows = derivative.AllSamples ? batch : batch * (1 - meanFlow.EqualFraction);
            var probed = target.DerivativeShare * rows;
            work.Add(new($"{derivative.Name}: {Text(probed)} samples{(derivative.AllSamples ? "" : " with r < t")}",
                probed * derivative.Of(generator.Forward), derivative.FullPrecision));
            evaluations += rows / batch * derivative.KeptEvaluations;
        }

        work.AddRange(target.Evaluations.Select(more => Evaluated($"{more.What}: {Text(batch * more.Share)}", batch * more.Share, generator)));
        var frozen = EncoderValues;
        if (teacher is not null && target.TeacherShare > 0)
        {
            var taught = batch * target.TeacherShare;
            work.Add(Teaching($"teacher: {Text(taught)}", taught, meanFlow.Guidance is not null, teacher));
            frozen += teacher.Values;
        }

        work.AddRange(Encoding(batch));
        return new("meanflow", training, batch, work, generator.Parameters, frozen,
            ActivationMemory.Of(network, IsNarrow(training), target.Derivative?.FusesMain ?? true, evaluations))
        {
            Recomputation = batch * evaluations * generator.Forward,
        };
    }

    private TrainingOptions Of(ITrained trained) =>
        precision is null ? trained.Training : trained.Training with { Precision = precision };

    private static bool IsNarrow(TrainingOptions training) => training.Precision == TrainingOptions.BFloat16;

    private static WorkProfile Trained(string what, double samples, NetworkCost cost) =>
        new(what + " forward and backward", ForwardAndBackward * samples * cost.Forward);

    private static WorkProfile Evaluated(string what, double samples, NetworkCost cost) => new(what, samples * cost.Forward);

    // With guidance the teacher is evaluated with the label and without.
    private static WorkProfile Teaching(string what, double samples, bool guided, NetworkCost teacher) =>
        Evaluated(guided ? what + " × 2, guided" : what, guided ? 2 * samples : samples, teacher);

    private bool EncodesWhileTraining => options.Latents.EncodesWhenDrawn() && networks.Encoder is not null;

    private long EncoderValues => EncodesWhileTraining ? NetworkCost.Of(networks.Encoder!.Declare()).Values : 0;

    private IEnumerable<WorkProfile> Encoding(int batch) =>
        EncodesWhileTraining
            ? [Evaluated($"encoder: {batch}", batch, NetworkCost.Of(networks.Encoder!.Declare())) with { FullPrecision = true }]
            : [];

    private static string Text(double samples) => samples.ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>The cost of a step of one trained stage, in multiply-adds and in memory.</summary>
/// <param name="Batch">Samples of a step.</param>
/// <param name="Frozen">Values of the networks that are only evaluated.</param>
/// <param name="Memory">The memory of a step in addition to weights, moments and frozen networks.</param>
public sealed record TrainingProfile(
    string Stage, TrainingOptions Training, int Batch, IReadOnlyList<WorkProfile> Work, long Parameters, long Frozen, ActivationMemory Memory)
{
    private const double BytesPerValue = 4;

    /// <summary>The steps of the training.</summary>
    public int Steps => Training.Steps;

    /// <summary>The precision of the training.</summary>
    public string Precision => Training.Precision;

    /// <summary>Whether a batch can be evaluated in parts.</summary>
    public bool Divides { get; init; } = true;

    /// <summary>The multiply-adds that a step with recomputation takes in addition.</summary>
    public MultiplyAdds Recomputation { get; init; }

    /// <summary>Whether activations can be recomputed.</summary>
    public bool Recomputes => Memory.RecomputedSample is not null;

    /// <summary>The multiply-adds of one step.</summary>
    public MultiplyAdds Step => Work.Aggregate(default(MultiplyAdds), (sum, work) => sum + work.Step);

    /// <summary>The bytes of the weights in training.</summary>
    public double WeightBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of the gradient.</summary>
    public double GradientBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of AdamW's two moments.</summary>
    public double OptimizerBytes => 2 * BytesPerValue * Parameters;

    /// <summary>The bytes of the averaged weights, which later stages use.</summary>
    public double AverageBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of the networks that are only evaluated.</summary>
    public double FrozenBytes => BytesPerValue * Frozen;

    /// <summary>The samples that are evaluated at once.</summary>
    /// <param name="microBatch">The most samples; 0: the whole batch.</param>
    public int Samples(int microBatch) => Divides && microBatch > 0 ? Math.Min(microBatch, Batch) : Batch;

    /// <summary>The bytes of the data of a step, and of the values that its backward pass reads.</summary>
    /// <param name="microBatch">The most samples that are evaluated at once; 0: the whole batch.</param>
    /// <param name="recompute">Whether activations are recomputed, where the network can.</param>
    public double ActivationBytes(int microBatch = 0, bool recompute = false) =>
        Memory.Bytes(Batch, Samples(microBatch), recompute && Recomputes);

    /// <summary>The bytes of all of these together.</summary>
    /// <param name="microBatch">The most samples that are evaluated at once; 0: the whole batch.</param>
    /// <param name="recompute">Whether activations are recomputed, where the network can.</param>
    public double TotalBytes(int microBatch = 0, bool recompute = false) =>
        WeightBytes + GradientBytes + OptimizerBytes + AverageBytes + FrozenBytes + ActivationBytes(microBatch, recompute);
}

/// <summary>A part of the work of a training step.</summary>
/// <param name="What">The work in words, with its factors.</param>
/// <param name="Step">Multiply-adds of a step; the mean where the number of samples is random.</param>
/// <param name="FullPrecision">Whether the products are float32 in a training with bf16.</param>
public sealed record WorkProfile(string What, MultiplyAdds Step, bool FullPrecision = false);
