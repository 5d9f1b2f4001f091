using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The network that pre-trained decoder weights belong to.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DecoderNetworkOptions), "vit")]
[JsonDerivedType(typeof(MaeDecoderOptions), "mae")]
public abstract record DecoderArchitectureOptions;
