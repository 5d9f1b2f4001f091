using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>The training steps of an arm's stages. A backward pass counts as two forward passes.</summary>
internal sealed class TrainingCosts(LabOptions options, ArmNetworks networks)
{
    private const int ForwardAndBackward = 3;

    public IEnumerable<TrainingProfile> All()
    {
        if (options.Encoder is SelfSupervisedEncoderOptions own && networks.Encoder is { } encoder)
            yield return SelfSupervised(own, NetworkCost.Of(encoder.Declare()));
        if (options.Decoder is RaeDecoderOptions rae && networks is { Encoder: { } frozen, Decoder: { } decoder })
            yield return Decoder(rae, NetworkCost.Of(decoder.Declare()), NetworkCost.Of(frozen.Declare()));
        if (options.Teacher is FlowMatchingOptions flow && networks.Teacher is { } teacher)
            yield return Teacher(flow.Training, NetworkCost.Of(teacher.Declare()));
        if (networks.Generator is not { } network)
            yield break;
        var generator = NetworkCost.Of(network.Declare());
        var guide = networks.Teacher is { } given ? NetworkCost.Of(given.Declare()) : null;
        if (options.Cmt is TrajectoryCmtOptions cmt && guide is not null
            && options.MeanFlow is NoMeanFlowOptions or IMeanFlowTraining { Initialisation: "cmt" })
        {
            yield return Cmt(cmt, generator, guide);
        }

        if (options.MeanFlow is LambdaMeanFlowOptions meanFlow)
            yield return MeanFlow(meanFlow, generator, guide);
    }

    // Two views of each image; the small heads of the pre-training are left out.
    private static TrainingProfile SelfSupervised(SelfSupervisedEncoderOptions own, NetworkCost encoder)
    {
        var views = 2 * own.Training.BatchSize;
        return new("encoder", own.Training.Steps, own.Training.BatchSize,
            [Trained($"views: {views}", views, encoder)], encoder.Parameters, 0, views * encoder.Kept);
    }

    private static TrainingProfile Decoder(RaeDecoderOptions rae, NetworkCost decoder, NetworkCost encoder)
    {
        var batch = rae.Training.BatchSize;
        var work = new List<WorkProfile> { Trained($"decoder: {batch}", batch, decoder), Evaluated($"encoder: {batch}", batch, encoder) };
        var kept = batch * decoder.Kept;
        if (rae.PerceptualWeight > 0)
        {
            // The frozen encoder of the reconstruction takes gradients for its input, but none for its weights.
            work.Add(new($"encoder of reconstructions: {batch} × 2", 2 * batch * encoder.Forward));
            kept += batch * encoder.Kept;
        }

        return new("decoder", rae.Training.Steps, batch, work, decoder.Parameters, encoder.Values, kept);
    }

    private TrainingProfile Teacher(TrainingOptions training, NetworkCost teacher)
    {
        var batch = training.BatchSize;
        return new("teacher", training.Steps, batch, [Trained($"teacher: {batch}", batch, teacher), .. Encoding(batch)],
            teacher.Parameters, EncoderValues, batch * teacher.Kept);
    }

    private static TrainingProfile Cmt(TrajectoryCmtOptions cmt, NetworkCost generator, NetworkCost teacher)
    {
        var trajectories = Math.Max(1, cmt.Training.BatchSize / cmt.PairsPerTrajectory);
        var pairs = trajectories * cmt.PairsPerTrajectory;
        var (steps, guided) = (cmt.TrajectoryPoints - 1, cmt.Guidance is not null);
        return new("cmt", cmt.Training.Steps, pairs,
            [
                Trained($"pairs: {pairs}", pairs, generator),
                Teaching($"teacher: {trajectories} trajectories of {steps} steps", trajectories * steps, guided, teacher),
            ],
            generator.Parameters, teacher.Values, pairs * generator.Kept);
    }

    private TrainingProfile MeanFlow(LambdaMeanFlowOptions meanFlow, NetworkCost generator, NetworkCost? teacher)
    {
        var batch = meanFlow.Training.BatchSize;
        var derivative = IDerivative.Create(meanFlow.Derivative).Cost;
        var probed = derivative.AllSamples ? batch : batch * (1 - meanFlow.EqualFraction);
        var work = new List<WorkProfile>
        {
            Trained($"generator: {batch}", batch, generator),
            new($"{derivative.Name}: {Text(probed)} samples{(derivative.AllSamples ? "" : " with r < t")}",
                probed * derivative.Of(generator.Forward)),
        };
        var frozen = EncoderValues;
        if (teacher is not null
            && (LambdaSchedule.Target(meanFlow).NeedsTeacher || LambdaSchedule.Tangent(meanFlow).NeedsTeacher))
        {
            work.Add(Teaching($"teacher: {batch}", batch, meanFlow.Guidance is not null, teacher));
            frozen += teacher.Values;
        }

        work.AddRange(Encoding(batch));
        return new("meanflow", meanFlow.Training.Steps, batch, work, generator.Parameters, frozen,
            (batch + (probed * derivative.KeptEvaluations)) * generator.Kept);
    }

    private static WorkProfile Trained(string what, double samples, NetworkCost cost) =>
        new(what + " forward and backward", ForwardAndBackward * samples * cost.Forward);

    private static WorkProfile Evaluated(string what, double samples, NetworkCost cost) => new(what, samples * cost.Forward);

    // With guidance the teacher is evaluated with the label and without.
    private static WorkProfile Teaching(string what, double samples, bool guided, NetworkCost teacher) =>
        Evaluated(guided ? what + " × 2, guided" : what, guided ? 2 * samples : samples, teacher);

    private bool EncodesWhileTraining => options.Latents.EncodesWhenDrawn() && networks.Encoder is not null;

    private long EncoderValues => EncodesWhileTraining ? NetworkCost.Of(networks.Encoder!.Declare()).Values : 0;

    private IEnumerable<WorkProfile> Encoding(int batch) =>
        EncodesWhileTraining ? [Evaluated($"encoder: {batch}", batch, NetworkCost.Of(networks.Encoder!.Declare()))] : [];

    private static string Text(double samples) => samples.ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>The cost of a step of one trained stage, in multiply-adds and in memory.</summary>
/// <param name="Batch">Samples of a step.</param>
/// <param name="Frozen">Values of the networks that are only evaluated.</param>
/// <param name="Kept">Values that the step keeps for its backward pass: an estimate.</param>
public sealed record TrainingProfile(
    string Stage, int Steps, int Batch, IReadOnlyList<WorkProfile> Work, long Parameters, long Frozen, double Kept)
{
    private const double BytesPerValue = 4;

    /// <summary>The multiply-adds of one step.</summary>
    public MultiplyAdds Step => Work.Aggregate(default(MultiplyAdds), (sum, work) => sum + work.Step);

    /// <summary>The bytes of the weights in training.</summary>
    public double WeightBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of the gradient.</summary>
    public double GradientBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of AdamW: two moments, and the denominator during a step.</summary>
    public double OptimizerBytes => 3 * BytesPerValue * Parameters;

    /// <summary>The bytes of the averaged weights, which later stages use.</summary>
    public double AverageBytes => BytesPerValue * Parameters;

    /// <summary>The bytes of the networks that are only evaluated.</summary>
    public double FrozenBytes => BytesPerValue * Frozen;

    /// <summary>The bytes that a step keeps for its backward pass: an estimate.</summary>
    public double ActivationBytes => BytesPerValue * Kept;

    /// <summary>The bytes of all of these together.</summary>
    public double TotalBytes => WeightBytes + GradientBytes + OptimizerBytes + AverageBytes + FrozenBytes + ActivationBytes;
}

/// <summary>A part of the work of a training step.</summary>
/// <param name="What">The work in words, with its factors.</param>
/// <param name="Step">Multiply-adds of a step; the mean where the number of samples is random.</param>
public sealed record WorkProfile(string What, MultiplyAdds Step);
